// The public names of alcove-element.
export {};
