/** The six task families, named as ALFWorld names its task types. */
export const householdFamilies = [
  'pick_and_place_simple',
  'look_at_obj_in_light',
  'pick_clean_then_place_in_recep',
  'pick_heat_then_place_in_recep',
  'pick_cool_then_place_in_recep',
  'pick_two_obj_and_place',
] as const;

export type HouseholdFamily = (typeof householdFamilies)[number];

/** What can be done to an object; `contain` marks cups, plates and the like, whose contents can be looked at. */
export const abilities = ['pickup', 'clean', 'heat', 'cool', 'toggle', 'slice', 'contain'] as const;

export type Ability = (typeof abilities)[number];

/** What has been done to an object. */
export const conditions = ['clean', 'hot', 'cool', 'sliced', 'toggled'] as const;

export type Condition = (typeof conditions)[number];

/** Words in which a game file of some version speaks. */
export type HouseholdStyle = {
  /** `move apple 1 to shelf 1` (since ALFWorld 0.4.0) or `put apple 1 in/on shelf 1` (before). */
  place: 'move' | 'put';
  /** Arriving names the receptacle (`You arrive at shelf 1.`) or, in the oldest files, the spot (`You arrive at loc 7.`). */
  arrive: 'receptacle' | 'location';
  /** Whether `help` is a command. */
  help: boolean;
};

/** What has to be reached. Types are lower-case class names such as `sinkbasin`. */
export type HouseholdGoal = {
  object: string;
  /** Null for `look_at_obj_in_light`. */
  receptacle: string | null;
  /** The type of the lamp, for `look_at_obj_in_light` alone. */
  lamp: string | null;
  condition: 'clean' | 'hot' | 'cool' | null;
  sliced: boolean;
  /** How many objects, all in the same receptacle. */
  count: 1 | 2;
};

export type HouseholdReceptacle = {
  /** Type, space, number: `cabinet 3`. */
  name: string;
  type: string;
  /** Where one stands to use it; several receptacles may share a location. */
  location: string;
  openable: boolean;
  opened: boolean;
};

export type HouseholdObject = {
  name: string;
  type: string;
  can: readonly Ability[];
  is: readonly Condition[];
  /** Names of the receptacles that it lies in: one as a rule; scanned rooms have objects that count as lying in two. */
  inside: readonly string[];
  /** Locations from which it can be sliced. */
  at: readonly string[];
  /** Names of objects that lie in it, for objects that can `contain`. They are shown, and never move. */
  contents: readonly string[];
};

/** A room and a task in it, as plain data; a `Task` carries it in `metadata.household`. */
export type HouseholdGame = {
  family: HouseholdFamily;
  /** The room, such as `kitchen-12` or a floor plan. */
  layout: string;
  goal: HouseholdGoal;
  /** The goal in words, without the full stop: `put a clean mug in shelf`. */
  instruction: string;
  style: HouseholdStyle;
  /** Where the player stands first. */
  start: string;
  /** In the order in which they are listed to the player. */
  receptacles: readonly HouseholdReceptacle[];
  /** In the order in which they are listed to the player. */
  objects: readonly HouseholdObject[];
  /** Types of objects that a type of receptacle takes. */
  canContain: { readonly [receptacleType: string]: readonly string[] };
};

/** An object in the course of a game; numbers are indices of `game.receptacles`. */
export type ObjectState = {
  is: readonly Condition[];
  inside: readonly number[];
  /** Receptacles that it was taken from and has not been put back into. */
  takenFrom: readonly number[];
  at: readonly string[];
};

export type HouseholdState = {
  game: HouseholdGame;
  location: string;
  /** Index of the object in hand. */
  holding: number | null;
  /** One entry per receptacle of the game. */
  opened: readonly boolean[];
  /** One entry per receptacle: whether its contents have been shown to the player. */
  seen: readonly boolean[];
  /** One entry per object of the game. */
  objects: readonly ObjectState[];
};
