/** Keys of a section with sections inside, as in a recipe. */
export interface KeyTree {
  readonly [key: string]: string | number | boolean | KeyTree;
}

/** What a method says about a section of the recipe. */
export interface SectionRules {
  /** What makes the method what it is; a recipe that says otherwise is refused. */
  fixed: KeyTree;
  /** Better starting points than the defaults of the section; a recipe may say otherwise. */
  defaults?: KeyTree;
}

/** One training; it starts from the student of the one before. */
export interface MethodStage {
  /** Of its folder and its metrics. */
  name: string;
  /** A comparison: the next stage starts where this one did, and it is left out where there is nothing to learn. @default false */
  baseline?: boolean;
  distill?: SectionRules;
  rl?: SectionRules;
}

/** A way to train a search agent. */
export interface Method {
  /** In a few words. */
  title: string;
  /** Where it comes from, such as `arXiv 2508.20324`. */
  paper: string;
  stages: readonly MethodStage[];
  /** What it says about the episodes. */
  environment?: SectionRules;
}
