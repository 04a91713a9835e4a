// Spanish texts, in a separate module: loaded by applications that need them.
export { es } from "./strings/es";
