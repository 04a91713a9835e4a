// Spanish texts, apart from the components: loaded by those who need them.
export { es } from "./strings/es";
