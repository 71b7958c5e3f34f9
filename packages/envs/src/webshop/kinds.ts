/** What products of a kind have in common. */
export interface Kind {
  /** What one searches for. */
  query: string;
  /** From wide to narrow, below the category. */
  path: readonly string[];
  /** Dollars. */
  price: readonly [low: number, high: number];
  /** Option names, each a list of {@link optionValues}. */
  options: readonly string[];
}

export interface Category {
  name: string;
  department: string;
  /** Traits that products of the category may have. */
  attributes: readonly string[];
  kinds: readonly Kind[];
}

const list = (text: string) => text.split(', ');

/** What options are called, and the values that a product may offer. */
export const optionValues: Readonly<Record<string, { name: string; values: readonly string[] }>> = {
  color: {
    name: 'Color',
    values: list(
      'Black, White, Navy Blue, Forest Green, Burgundy, Light Gray, Khaki, Coral, Dusty Rose, Mustard, Teal, Ivory',
    ),
  },
  clothes: { name: 'Size', values: list('X-Small, Small, Medium, Large, XX-Large, 3X-Large') },
  shoes: { name: 'Size', values: list('6, 6.5, 7, 7.5, 8, 8.5, 9, 9.5, 10, 11') },
  fit: { name: 'Fit Type', values: list('Men, Women, Youth') },
  flavor: {
    name: 'Flavor Name',
    values: list(
      'Original, Dark Chocolate, Sea Salt, Honey Mustard, Maple, Smoked Paprika, Lemon Ginger, Vanilla Bean, Wild Berry',
    ),
  },
  pack: { name: 'Size', values: list('Pack of 1, Pack of 2, Pack of 4, Pack of 6, Pack of 12, Pack of 24') },
  weight: { name: 'Weight', values: list('4 Ounce, 8 Ounce, 12 Ounce, 16 Ounce, 32 Ounce') },
  scent: {
    name: 'Scent',
    values: list('Unscented, Lavender, Rosemary Mint, Coconut, Citrus, Cedar, Cucumber, Jasmine'),
  },
  bottle: { name: 'Size', values: list('1.7 Fl Oz, 3.4 Fl Oz, 8 Fl Oz, 12 Fl Oz, 16.9 Fl Oz, 33.8 Fl Oz') },
  shade: { name: 'Shade', values: list('Porcelain, Honey, Almond, Espresso, Cherry, Nude, Plum, Peach') },
  area: { name: 'Size', values: list("2' x 3', 3' x 5', 4' x 6', 5' x 8', 8' x 10', 9' x 12'") },
  cushion: { name: 'Size', values: list('12 x 20 Inch, 16 x 16 Inch, 18 x 18 Inch, 20 x 20 Inch, 26 x 26 Inch') },
  height: { name: 'Height', values: list('24 Inch, 30 Inch, 36 Inch, 48 Inch, 60 Inch, 72 Inch') },
  finish: { name: 'Finish', values: list('Oak, Walnut, Espresso, Pale Pine, Matte Black, Brushed Nickel') },
  length: { name: 'Length', values: list('1 Foot, 3 Feet, 6 Feet, 10 Feet, 15 Feet, 25 Feet') },
  storage: { name: 'Capacity', values: list('32GB, 64GB, 128GB, 256GB, 512GB, 1TB') },
  style: { name: 'Style', values: list('Single, Two Pack, Bundle with Case, Bundle with Charger, Travel Kit') },
  model: {
    name: 'Compatible Model',
    values: list('Model 5, Model 6 Mini, Model 7, Model 7 Pro, Model 8, Model 8 Max'),
  },
};

const kind = (query: string, path: string, price: readonly [number, number], options: string): Kind => ({
  query,
  path: list(path),
  price,
  options: list(options),
});

/** The departments of the original's shop, filled with invented goods. */
export const categories: readonly Category[] = [
  {
    name: 'beauty',
    department: 'Beauty & Personal Care',
    attributes: list(
      'cruelty free, paraben free, sulfate free, alcohol free, long lasting, tea tree, argan oil, hyaluronic acid, dry skin, ' +
        'sensitive skin, damaged hair, easy to apply, travel size, dermatologist tested, vitamin e, shea butter, ' +
        'non greasy, refillable pack, coconut oil, oil free, daily use',
    ),
    kinds: [
      kind('shampoo', 'Hair Care, Shampoo', [6, 48], 'scent, bottle'),
      kind('body lotion', 'Skin Care, Body, Lotions', [5, 60], 'scent, bottle'),
      kind('lip balm', 'Skin Care, Lip Care, Balms', [3, 35], 'shade, pack'),
      kind('hair brush', 'Hair Care, Styling Tools, Brushes', [5, 55], 'color, style'),
      kind('nail polish', 'Foot Hand & Nail Care, Polish', [4, 45], 'shade, pack'),
      kind('face serum', 'Skin Care, Face, Serums', [9, 90], 'scent, bottle'),
    ],
  },
  {
    name: 'garden',
    department: 'Home & Kitchen',
    attributes: list(
      'easy to assemble, space saving, machine washable, solid wood, heavy duty, eco friendly, living room, dining room, ' +
        'water resistant, non slip, easy to clean, mid century, fade resistant, height adjustable, hand woven, ' +
        'steel frame, memory foam, stain resistant, ready to use, home office, double sided',
    ),
    kinds: [
      kind('bookshelf', 'Furniture, Living Room Furniture, Bookcases', [40, 260], 'finish, height'),
      kind('throw pillow', 'Bedding, Decorative Pillows', [8, 70], 'color, cushion'),
      kind('table lamp', 'Lighting, Lamps', [18, 140], 'finish, style'),
      kind('area rug', 'Rugs Pads & Protectors, Area Rugs', [25, 320], 'color, area'),
      kind('bar stool', 'Furniture, Game Room Furniture, Stools', [45, 240], 'color, height, finish'),
      kind('shower curtain', 'Bath, Curtains', [10, 65], 'color, height'),
    ],
  },
  {
    name: 'grocery',
    department: 'Grocery & Gourmet Food',
    attributes: list(
      'gluten free, low sodium, sugar free, plant based, keto friendly, non gmo, high protein, dairy free, soy free, ' +
        'individually wrapped, kosher certified, fair trade, high fiber, caffeine free, ready to eat, ' +
        'no colorants, resealable bag, whole grain, low calorie, small batch, nut free',
    ),
    kinds: [
      kind('granola bar', 'Snack Foods, Bars, Granola', [5, 55], 'flavor, pack'),
      kind('herbal tea', 'Beverages, Tea, Herbal', [4, 48], 'flavor, pack'),
      kind('ground coffee', 'Beverages, Coffee, Ground', [7, 70], 'flavor, weight'),
      kind('potato chips', 'Snack Foods, Chips & Crisps', [3, 52], 'flavor, pack, weight'),
      kind('trail mix', 'Snack Foods, Nuts & Trail Mixes', [6, 64], 'flavor, weight'),
      kind('salad dressing', 'Sauces Gravies & Marinades, Dressings', [4, 45], 'flavor, bottle'),
    ],
  },
  {
    name: 'fashion',
    department: 'Clothing Shoes & Jewelry',
    attributes: list(
      'machine wash, long sleeve, short sleeve, slim fit, relaxed fit, elastic waist, rubber sole, arch support, quick drying, ' +
        'button closure, moisture wicking, soft material, everyday wear, stretch fabric, unique design, ' +
        'wide width, hidden pocket, cotton blend, day comfort, hand wash, high waist',
    ),
    kinds: [
      kind('t-shirt', 'Clothing, Shirts, T-Shirts', [8, 60], 'fit, color, clothes'),
      kind('running shoes', 'Shoes, Athletic, Running', [30, 170], 'color, shoes'),
      kind('hiking boots', 'Shoes, Outdoor, Boots', [45, 230], 'color, shoes'),
      kind('summer dress', 'Clothing, Dresses', [15, 120], 'color, clothes'),
      kind('denim jeans', 'Clothing, Jeans', [20, 130], 'color, clothes, fit'),
      kind('rain jacket', 'Clothing, Jackets & Coats', [28, 190], 'color, clothes'),
    ],
  },
  {
    name: 'electronics',
    department: 'Electronics',
    attributes: list(
      'fast charging, noise cancelling, water proof, wireless charging, high definition, hands free, easy to install, ultra slim, ' +
        'stereo sound, plug and play, dust proof, high speed, motion detection, gold plated, shock absorbing, ' +
        'carrying case, long battery life, night vision, heavy duty, low latency, easy to carry',
    ),
    kinds: [
      kind('bluetooth speaker', 'Portable Audio, Speakers', [15, 180], 'color, style'),
      kind('phone case', 'Cell Phones & Accessories, Cases', [6, 55], 'color, model'),
      kind('usb cable', 'Accessories & Supplies, Cables', [5, 45], 'color, length, style'),
      kind('wireless headphones', 'Headphones, Over Ear', [20, 220], 'color, style'),
      kind('security camera', 'Camera & Photo, Surveillance', [25, 240], 'style, storage'),
      kind('memory card', 'Accessories & Supplies, Memory', [8, 150], 'storage, pack'),
    ],
  },
];
