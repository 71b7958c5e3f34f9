// Writes a small catalogue in WebShop's files, with oddities, and episodes of random commands for webshop.py to play.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCatalogueFiles, createGoals, createWebshop, readCatalogue } from '@dgpo/envs/webshop';
import { createRandom } from '@dgpo/trajectory';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: webshop-episodes.mjs <folder>');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const files = createCatalogueFiles({ products: 24, seed: 5 });
const value = (text) => ({ value: text, image: null });
const change = (index, changes) => Object.assign(files.items[index], changes);
change(0, { pricing: '', name: 'Crème “Brûlée” Body Lotion <b>& more</b>', customization_options: {} });
change(1, { pricing: '$1,299.00', small_description: 'A single line instead of a list', full_description: '' });
change(2, { pricing: '$10 to $20.5 to $30', customization_options: null });
change(3, {
  customization_options: {
    Color: [value(' Red/Blue '), value('Black'), value('Ivory "Pearl"')],
    Size: null,
    Set: [value('black')],
  },
});
change(4, {
  customization_options: { 'Fit Type': [value('Attributes'), value('Größe 40')], Color: [value('Light Sandalwood')] },
});
change(5, { full_description: '  Two\n  lines &amp; an entity  ', small_description: ['', ' first ', 'second'] });
files.items.push({ ...files.items[6], asin: 'nan' }, { ...files.items[6], asin: 'B0123456789' }, { ...files.items[6] });
delete files.attributes[files.items[7].asin].attributes;
delete files.instructions[files.items[8].asin];
files.instructions[files.items[9].asin][0].instruction_attributes = [];

const paths = {
  items: join(folder, 'items_shuffle.json'),
  attributes: join(folder, 'items_ins_v2.json'),
  instructions: join(folder, 'items_human_ins.json'),
};
for (const [name, path] of Object.entries(paths)) {
  const isList = Array.isArray(files[name]);
  const lines = isList
    ? files[name].map((item) => JSON.stringify(item))
    : Object.entries(files[name]).map(([key, entry]) => `${JSON.stringify(key)}: ${JSON.stringify(entry)}`);
  writeFileSync(path, `${isList ? '[' : '{'}\n${lines.join(',\n')}\n${isList ? ']' : '}'}\n`);
}

const catalogue = await readCatalogue(paths);
const goals = ['human', 'synthetic'].flatMap((instructions) => createGoals({ catalogue, instructions }).slice(0, 15));
const searches = {};
const episodes = Array.from({ length: 80 }, (_, number) => {
  const random = createRandom(7).split('episode', number);
  const showAttributes = number % 4 === 3;
  const observationMode = number % 2 === 0 ? 'text' : 'text_rich';
  const shop = createWebshop({ catalogue, observationMode, showAttributes });
  const goal = random.integer(goals.length);
  const commands = [];
  let { state } = shop.start(goals[goal]);
  while (commands.length < 12 && state.result === null) {
    const draw = random.next();
    let command = random.pick(shop.admissibleCommands(state));
    if (draw < 0.4 && command !== 'click[buy now]') command = shop.expert(state);
    else if (draw < 0.55)
      command = `search[${random.shuffle(goals[goal].question.split(' ')).slice(0, 3).join(' ').replace(/^</, '')}]`;
    else if (draw < 0.65)
      command = random.pick([
        'click[search]',
        'click[]',
        'search[]',
        'look',
        'Click[next >]',
        'click[Next >]',
        'click[Buy Now',
        'click[a[b]]',
        'click[back to search] now',
      ]);
    commands.push(command);
    state = shop.step(state, command).state;
    if (state.keywords !== null) searches[state.keywords] = state.results;
  }
  return { goal, observationMode, showAttributes, commands };
});
writeFileSync(
  join(folder, 'episodes.json'),
  JSON.stringify({
    goals,
    prices: Object.fromEntries(catalogue.products.map(({ asin, price }) => [asin, price])),
    searches,
    episodes,
  }),
);
