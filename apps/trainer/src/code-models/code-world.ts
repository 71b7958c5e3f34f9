/** The atlas that the shipped code models know: a small one, so that a small teacher has room for the numbers of its training countries. */
export const codeWorld = { seed: 0, inventedCountries: 400 } as const;
