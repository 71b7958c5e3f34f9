/** How many of a class a room has: from `least` to `most`, equally likely. */
interface Stock {
  className: string;
  least: number;
  most: number;
}

export interface RoomKind {
  name: 'kitchen' | 'livingroom' | 'bedroom' | 'bathroom';
  /** The number of its first room; a kind has 30, as the simulator's floor plans are numbered. */
  firstNumber: number;
  furniture: readonly Stock[];
  objects: readonly Stock[];
  /** Whether every piece of furniture is used from a spot of its own. */
  ownSpots: boolean;
}

function stock(text: string): Stock[] {
  return text
    .trim()
    .split(/\s+/)
    .map((entry) => {
      const [className = '', least = '1', most = least] = entry.split(/[:-]/);
      return { className, least: Number(least), most: Number(most) };
    });
}

/** Four kinds of rooms with what usually stands and lies in them: `Class:least-most`. */
export const roomKinds: readonly RoomKind[] = [
  {
    name: 'kitchen',
    firstNumber: 1,
    ownSpots: false,
    furniture:
      stock(`Cabinet:3-9 Drawer:2-6 CounterTop:1-3 StoveBurner:2-4 Fridge:1 Microwave:1 SinkBasin:1 CoffeeMachine:1
      Toaster:1 GarbageCan:1 DiningTable:0-2 SideTable:0-1 Shelf:0-3`),
    objects:
      stock(`Apple:0-3 Bread:0-2 Egg:0-3 Lettuce:0-2 Potato:0-3 Tomato:0-3 Mug:1-3 Cup:0-3 Bowl:0-2 Plate:0-3 Pan:1-2 Pot:1-2
      Kettle:0-2 Knife:1-2 ButterKnife:0-2 Fork:0-3 Spoon:0-3 Spatula:0-2 Ladle:0-1 DishSponge:0-2 SoapBottle:0-2 SaltShaker:0-2
      PepperShaker:0-2 Glassbottle:0-2 WineBottle:0-1 Statue:0-1 Vase:0-2 Book:0-1 CreditCard:0-2 CellPhone:0-1 PaperTowel:0-1`),
  },
  {
    name: 'livingroom',
    firstNumber: 201,
    ownSpots: false,
    furniture:
      stock(`Sofa:1-2 ArmChair:1-2 CoffeeTable:1-2 SideTable:1-3 Drawer:2-6 Shelf:0-4 Cabinet:0-3 TVStand:0-1 GarbageCan:1
      DiningTable:0-1 Dresser:0-1 Desk:0-1 Ottoman:0-1 Safe:0-1`),
    objects:
      stock(`Book:0-3 Box:0-2 CellPhone:0-3 CreditCard:0-3 KeyChain:0-3 Laptop:0-2 Newspaper:0-3 Pillow:0-3 RemoteControl:1-3
      Statue:0-3 Vase:0-3 Watch:0-2 WateringCan:0-1 Plate:0-1 TissueBox:0-2 Candle:0-2 Bowl:0-1 Pen:0-2 Pencil:0-2 DeskLamp:1-2`),
  },
  {
    name: 'bedroom',
    firstNumber: 301,
    ownSpots: false,
    furniture:
      stock(`Bed:1 Drawer:2-7 Desk:1-2 SideTable:1-2 Dresser:0-1 Shelf:0-5 GarbageCan:1 LaundryHamper:0-1 ArmChair:0-1
      Safe:0-1 Cabinet:0-2`),
    objects:
      stock(`AlarmClock:1-3 Book:1-3 CD:0-3 CellPhone:0-3 CreditCard:0-3 KeyChain:0-3 Laptop:0-2 Pen:0-3 Pencil:0-3 Pillow:1-3
      Mug:0-2 Bowl:0-2 BaseballBat:0-1 BasketBall:0-1 TennisRacket:0-1 Cloth:0-2 TissueBox:0-1 Box:0-1 Statue:0-1 Watch:0-1
      DeskLamp:1-2`),
  },
  {
    name: 'bathroom',
    firstNumber: 401,
    ownSpots: false,
    furniture:
      stock(`SinkBasin:1-2 BathtubBasin:0-1 Toilet:1 ToiletPaperHanger:1 TowelHolder:1-2 HandTowelHolder:1-2 GarbageCan:1
      CounterTop:1-2 Cabinet:1-5 Drawer:0-3 Shelf:0-2 SideTable:0-1 Cart:0-1`),
    objects:
      stock(`Cloth:1-3 HandTowel:1-2 Towel:1-2 SoapBar:1-3 SoapBottle:0-3 SprayBottle:0-2 ToiletPaper:1-3 ToiletPaperRoll:0-2
      Candle:0-3 DishSponge:0-1 PaperTowel:0-1 Plunger:0-1 TissueBox:0-1`),
  },
];

/** The same kinds with little in them, for models that read little: five to eight pieces of furniture, four to ten objects. */
export const smallRoomKinds: readonly RoomKind[] = [
  {
    name: 'kitchen',
    firstNumber: 1,
    ownSpots: true,
    furniture: stock('Cabinet:1-2 Drawer:0-1 CounterTop:1 Fridge:1 Microwave:1 SinkBasin:1 DiningTable:0-1'),
    objects: stock(
      'Apple:0-1 Egg:0-1 Potato:0-1 Tomato:0-1 Mug:1-2 Cup:0-1 Bowl:0-1 Plate:0-1 Spoon:0-1 SaltShaker:0-1',
    ),
  },
  {
    name: 'livingroom',
    firstNumber: 201,
    ownSpots: true,
    furniture: stock('Sofa:1 CoffeeTable:1 SideTable:1 Drawer:1-2 Shelf:0-2 Safe:0-1'),
    objects: stock('Book:0-1 CellPhone:0-1 CreditCard:0-1 KeyChain:0-1 RemoteControl:1 Vase:0-1 Watch:0-1 DeskLamp:1'),
  },
  {
    name: 'bedroom',
    firstNumber: 301,
    ownSpots: true,
    furniture: stock('Bed:1 Desk:1 SideTable:0-1 Drawer:1-2 Shelf:0-2 GarbageCan:1'),
    objects: stock('AlarmClock:0-1 Book:1 CD:0-1 CellPhone:0-1 Laptop:0-1 Pen:0-1 Pillow:0-1 DeskLamp:1'),
  },
  {
    name: 'bathroom',
    firstNumber: 401,
    ownSpots: true,
    furniture: stock('SinkBasin:1 Toilet:1 CounterTop:1 Cabinet:1-2 GarbageCan:1 Shelf:0-1'),
    objects: stock('Cloth:1 SoapBar:1 SoapBottle:0-1 SprayBottle:0-1 ToiletPaper:1 Candle:0-1 DishSponge:0-1'),
  },
];

/** Furniture on which a lamp stands. */
export const lampStands: readonly string[] = ['Desk', 'SideTable', 'Dresser'];

/** Furniture of which several pieces are used from one spot. */
export const stackable: ReadonlySet<string> = new Set(['Drawer', 'Cabinet', 'StoveBurner']);
