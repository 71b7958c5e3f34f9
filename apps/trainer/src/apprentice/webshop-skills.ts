/** What a buyer can lack. */
export const webshopSkills = ['options', 'price', 'features'] as const;

export type WebshopSkill = (typeof webshopSkills)[number];

/** The hints that `extractHints` of `@dgpo/distill/hints` writes for failures, each with the skills that it calls for. */
export const webshopHints: Readonly<Record<string, readonly WebshopSkill[]>> = {
  'Choose every option that the instruction names before you buy the {item}.': ['options'],
  'Choose the {size} that the instruction names before you buy the {item}.': ['options'],
  'Choose the {color} that the instruction names before you buy the {item}.': ['options'],
  'Choose the {size} and the {color} that the instruction names before you buy the {item}.': ['options'],
  'Compare the price of the {item} with the limit of the instruction before you buy it.': ['price'],
  'Open the features of the {item} and look for the {attribute} before you buy it.': ['features'],
  // What else goes wrong now and then; no apprentice lacks these.
  'Buy the {item} that fits best before the steps run out.': [],
  'Read the current page and click only what it lists.': [],
  'Return to the page of the {item} before you buy it.': [],
  'Leave a round of pages that shows nothing new; search for the {item} in other words.': [],
  'Do not send the same action again and again; change the words of the search or go back.': [],
};
