// The Spanish texts that the page needs first.
import type { Texts } from "./en";

export const es: Texts = {
  skip: "Saltar al contenido",
  openMode: {
    name: "Abierto a todos",
    text: "Cualquiera que llegue a este servidor puede leer y escribir.",
  },
  rooms: {
    show: "Salas",
    showUnread_one: "Salas, {{count}} mensaje sin leer",
    showUnread_other: "Salas, {{count}} mensajes sin leer",
    close: "Cerrar salas",
    signedOut: "Tus salas aparecen aquí cuando entras en una.",
  },
  account: {
    title: "Cuenta",
    signedOut: "Sin iniciar sesión",
    signedIn: "Sesión iniciada",
    guest: "Invitado",
  },
  details: {
    tools: "Sobre esta sala",
    embed: "Insertar",
    title: "Detalles",
  },
};
