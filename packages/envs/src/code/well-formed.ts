/** Text in which half surrogate pairs are replacement characters, as UTF-8 would have it. */
export const wellFormed = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');
