// The public names of alcove-element.
export { AlcoveRoom, defineAlcoveRoom, type GetToken } from "./element";
export {
  type Connect,
  type FromFrame,
  type Hello,
  isThemeProperty,
  type RoomEvents,
  type RoomMessage,
  type RoomOptions,
  type RoomTheme,
  type ToFrame,
  type TokenReason,
  typeOf,
} from "./messages";
export { THEME_PROPERTIES } from "./themeProperties";
