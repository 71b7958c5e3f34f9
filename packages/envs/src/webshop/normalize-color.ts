/** The colour words of the original shop (`engine/normalize.py`, MIT License), in its order. */
const colors = (
  'alabaster apricot aqua ash asphalt azure banana beige black blue blush bordeaux bronze brown burgundy camel camo caramel ' +
  'champagne charcoal cheetah chestnut chocolate christmas coffee cognac copper coral cranberry cream crystal dark denim eggplant ' +
  'elephant espresso fuchsia gold granite grape graphite grass gray green grey heather indigo ivory ivy khaki lavender lemon ' +
  'leopard light lilac lime magenta maroon mauve merlot midnight mint mocha multicolor mushroom mustard natural navy nude olive ' +
  'orange peach pewter pink plum purple rainbow red rose royal rust sand sapphire seashell silver skull slate steel stone ' +
  'stonewash sunflower tan taupe teal tiger turquoise violet walnut wheat white wine yellow'
).split(' ');

/** The first colour word that is part of the text, else the text: `navy blue` is `blue`, and `infrared light` is `light`. */
export function normalizeColor(text: string): string {
  return colors.find((color) => text.includes(color)) ?? text;
}

/** An option by name and value: a colour word only if it is one of the two as a whole, else both of them. */
export function normalizeNamedColor(name: string, value: string): string {
  return colors.find((color) => color === name || color === value) ?? `${name} ${value}`;
}
