// The icons of the page: paths of Lucide 1.79 (https://lucide.dev), ISC License, Copyright (c) 2026 Lucide Icons and
// Contributors; the license is in packages/react/LICENSE-lucide.

export const CLOSE = "M18 6 6 18M6 6l12 12";
export const CODE = "m16 18 6-6-6-6M8 6l-6 6 6 6";
export const DETAILS = "M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2ZM15 3v18";
export const MENU = "M4 5h16M4 12h16M4 19h16";
export const MORE = "m7 15 5 5 5-5M7 9l5-5 5 5";
