import type { Ability } from './types.js';

const words = (text: string) => text.split(/\s+/);

const sliceable = words('Apple Bread Egg Lettuce Potato Tomato');
/** Slices are classes of their own in the simulator, and lie where the whole thing may lie. */
const sliced = new Set(words('Apple Bread Lettuce Potato Tomato'));
const withSlices = (names: readonly string[]) =>
  names.flatMap((name) => (sliced.has(name) ? [name, `${name}Sliced`] : [name]));

const table = withSlices(
  words(`AlarmClock Apple BaseballBat BasketBall Book Bowl Box Bread ButterKnife CD Candle CellPhone Cloth CreditCard Cup
    DishSponge Egg Fork Glassbottle HandTowel Kettle KeyChain Knife Ladle Laptop Lettuce Mug Newspaper Pan PaperTowel Pen Pencil
    PepperShaker Plate Pot Potato RemoteControl SaltShaker SoapBar SoapBottle Spatula Spoon SprayBottle Statue TennisRacket TissueBox
    ToiletPaper ToiletPaperRoll Tomato Vase Watch WateringCan WineBottle`),
);
const dresser =
  words(`AlarmClock BasketBall Book Bowl Box CD Candle CellPhone Cloth CreditCard Cup Glassbottle KeyChain Laptop Mug
  Newspaper Pen Pencil Plate RemoteControl SprayBottle Statue TennisRacket TissueBox ToiletPaper ToiletPaperRoll Vase Watch WateringCan
  WineBottle`);
const seat = words('BasketBall Book Box CellPhone Cloth CreditCard KeyChain Laptop Newspaper Pillow RemoteControl');
const toilet =
  words(`Candle Cloth DishSponge HandTowel Newspaper PaperTowel SoapBar SoapBottle SprayBottle TissueBox ToiletPaper
  ToiletPaperRoll`);

/**
 * Classes of objects that each class of receptacle takes. Source: `VAL_RECEPTACLE_OBJECTS` of ALFWorld (alfworld/gen/constants.py,
 * MIT), without receptacles that can be carried.
 */
export const receptacleContents: Readonly<Record<string, readonly string[]>> = {
  ArmChair: seat,
  BathtubBasin: words('Cloth DishSponge HandTowel SoapBar'),
  Bed: words('BaseballBat BasketBall Book CellPhone Laptop Newspaper Pillow TennisRacket'),
  Cabinet:
    words(`Book Bowl Box CD Candle Cloth Cup DishSponge Glassbottle HandTowel Kettle Ladle Mug Newspaper Pan PepperShaker Plate
    Plunger Pot SaltShaker SoapBar SoapBottle SprayBottle TissueBox ToiletPaper ToiletPaperRoll Vase WateringCan WineBottle`),
  Cart: [...toilet.filter((name) => name !== 'Newspaper'), ...words('Mug Plunger Statue Vase')],
  CoffeeMachine: ['Mug'],
  CoffeeTable: table,
  CounterTop: table,
  Desk: [...dresser, 'SoapBottle'],
  DiningTable: table,
  Drawer:
    words(`Book ButterKnife CD Candle CellPhone Cloth CreditCard DishSponge Fork HandTowel KeyChain Knife Ladle Newspaper Pen
    Pencil PepperShaker RemoteControl SaltShaker SoapBar SoapBottle Spatula Spoon SprayBottle TissueBox ToiletPaper ToiletPaperRoll
    Watch WateringCan`),
  Dresser: dresser,
  Fridge: withSlices(words('Apple Bowl Bread Cup Egg Glassbottle Lettuce Mug Pan Plate Pot Potato Tomato WineBottle')),
  GarbageCan: withSlices(
    words(`Apple Bread CD Cloth DishSponge Egg HandTowel Lettuce Newspaper PaperTowel Pen Pencil Potato SoapBar SoapBottle SprayBottle
      TissueBox ToiletPaper ToiletPaperRoll Tomato WineBottle`),
  ),
  HandTowelHolder: ['HandTowel'],
  LaundryHamper: ['Cloth'],
  Microwave: withSlices(words('Apple Bowl Bread Cup Egg Glassbottle Mug Plate Potato Tomato')),
  Ottoman: seat,
  Safe: words('CD CellPhone CreditCard KeyChain Statue Vase Watch'),
  Shelf:
    words(`AlarmClock Book Bowl Box CD Candle CellPhone Cloth CreditCard Cup DishSponge Glassbottle HandTowel Kettle KeyChain Mug
    Newspaper PaperTowel Pen Pencil PepperShaker Plate Pot RemoteControl SaltShaker SoapBar SoapBottle SprayBottle Statue TissueBox
    ToiletPaper ToiletPaperRoll Vase Watch WateringCan WineBottle`),
  SideTable: table,
  SinkBasin: withSlices(
    words(`Apple Bowl ButterKnife Cloth Cup DishSponge Egg Fork Glassbottle HandTowel Kettle Knife Ladle Lettuce Mug Pan Plate Pot
      Potato SoapBar Spatula Spoon Tomato`),
  ),
  Sofa: seat,
  StoveBurner: words('Kettle Pan Pot'),
  TVStand: ['TissueBox'],
  Toaster: ['BreadSliced'],
  Toilet: toilet,
  ToiletPaperHanger: words('ToiletPaper ToiletPaperRoll'),
  TowelHolder: ['Towel'],
};

/** Classes of receptacles that have a door, a lid or a drawer; one of a room may still be fixed. */
export const openableReceptacles: ReadonlySet<string> = new Set(words('Cabinet Drawer Fridge Microwave Safe'));

/** Lamps: they can be used, not carried. */
const toggleable = words('DeskLamp FloorLamp');

/** Classes per ability. Source: `VAL_ACTION_OBJECTS` and `MOVABLE_RECEPTACLES` of ALFWorld. */
const classesByAbility: Readonly<Record<Exclude<Ability, 'pickup'>, ReadonlySet<string>>> = {
  clean: new Set(
    withSlices(
      words(`Apple Bowl ButterKnife Cloth Cup DishSponge Egg Fork Kettle Knife Ladle Lettuce Mug Pan Plate Pot Potato SoapBar Spatula
        Spoon Tomato`),
    ),
  ),
  heat: new Set(withSlices(words('Apple Bread Cup Egg Mug Plate Potato Tomato'))),
  cool: new Set(withSlices(words('Apple Bowl Bread Cup Egg Lettuce Mug Pan Plate Pot Potato Tomato WineBottle'))),
  toggle: new Set(toggleable),
  slice: new Set(sliceable),
  contain: new Set(words('Bowl Box Cup Mug Plate Pan Pot')),
};

const order: readonly Exclude<Ability, 'pickup'>[] = ['clean', 'heat', 'cool', 'toggle', 'slice', 'contain'];

/** What can be done to objects of a class. */
export function abilitiesOf(className: string): Ability[] {
  const carried: Ability[] = classesByAbility.toggle.has(className) ? [] : ['pickup'];
  return [...carried, ...order.filter((ability) => classesByAbility[ability].has(className))];
}

/** Types of receptacles at which an object in hand changes: `clean apple 1 with sinkbasin 1`. */
export const appliances = { clean: 'sinkbasin', heat: 'microwave', cool: 'fridge' } as const;

/** Types of objects that slice. */
export const knives: ReadonlySet<string> = new Set(['knife', 'butterknife']);
