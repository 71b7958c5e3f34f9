import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A goal as the original's goal library writes it: a clean mug in the fridge. */
export const cleanMugGoal = `(:goal
    (and
        (exists (?r - receptacle)
            (exists (?o - object)
                (and
                    (cleanable ?o)
                    (objectType ?o MugType)
                    (receptacleType ?r FridgeType)
                    (isClean ?o)
                    (inReceptacle ?o ?r)
                )
            )
        )
    )
)`;

/**
 * A kitchen in the form of a scanned room: ids with coordinates, things that lie in two places, furniture used from one spot, a cabinet
 * that is open at first, a mug with a pen in it, things that are no part of the game.
 */
export const kitchenProblem = `
(define (problem plan_trial_T20190000_000000_000000)
(:domain alfred)
(:objects
agent1 - agent
        Apple - object
        Mug - object
        AppleType - otype
        MugType - otype
        KnifeType - otype
        DeskLampType - otype
        BookType - otype
        PenType - otype
        PotatoType - otype
        CounterTopType - rtype
        CabinetType - rtype
        SinkBasinType - rtype
        FridgeType - rtype
        MicrowaveType - rtype

        Apple_bar__minus_00_dot_31_bar__plus_01_dot_03_bar__plus_02_dot_08 - object
        Apple_bar__plus_00_dot_12_bar__plus_01_dot_03_bar__plus_02_dot_08 - object
        Book_bar__plus_00_dot_40_bar__plus_01_dot_03_bar__plus_02_dot_08 - object
        Chair_bar__plus_02_dot_00_bar__plus_00_dot_00_bar__plus_02_dot_08 - object
        DeskLamp_bar__plus_00_dot_50_bar__plus_01_dot_03_bar__plus_02_dot_08 - object
        Knife_bar__plus_00_dot_60_bar__plus_01_dot_03_bar__plus_02_dot_08 - object
        Mug_bar__minus_01_dot_31_bar__plus_00_dot_50_bar__plus_02_dot_08 - object
        Mug_bar__plus_01_dot_31_bar__plus_00_dot_50_bar__plus_02_dot_08 - object
        Pen_bar__plus_01_dot_31_bar__plus_00_dot_52_bar__plus_02_dot_08 - object
        Potato_bar__plus_00_dot_80_bar__plus_00_dot_52_bar__plus_02_dot_08 - object
        Sink_bar__plus_00_dot_80_bar__plus_00_dot_90_bar__plus_02_dot_08 - object
        CounterTop_bar__plus_00_dot_20_bar__plus_01_dot_00_bar__plus_02_dot_08 - receptacle
        Cabinet_bar__minus_01_dot_31_bar__plus_00_dot_39_bar__plus_02_dot_36 - receptacle
        Cabinet_bar__plus_00_dot_35_bar__plus_00_dot_39_bar__plus_02_dot_36 - receptacle
        Cabinet_bar__plus_01_dot_31_bar__plus_00_dot_39_bar__plus_02_dot_36 - receptacle
        Fridge_bar__plus_02_dot_10_bar__plus_00_dot_00_bar__minus_00_dot_28 - receptacle
        Microwave_bar__minus_00_dot_31_bar__plus_00_dot_93_bar__plus_02_dot_08 - receptacle
        Sink_bar__plus_00_dot_80_bar__plus_00_dot_90_bar__plus_02_dot_08_bar_SinkBasin - receptacle
        loc_bar_1_bar_2_bar_0_bar_30 - location
        loc_bar__minus_1_bar_2_bar_0_bar_30 - location
        loc_bar_3_bar_2_bar_1_bar_45 - location
        loc_bar_5_bar_4_bar_3_bar_30 - location
        )

(:init
        (= (total-cost) 0)
        ; the furniture
        (receptacleType CounterTop_bar__plus_00_dot_20_bar__plus_01_dot_00_bar__plus_02_dot_08 CounterTopType)
        (receptacleType Cabinet_bar__minus_01_dot_31_bar__plus_00_dot_39_bar__plus_02_dot_36 CabinetType)
        (receptacleType Cabinet_bar__plus_00_dot_35_bar__plus_00_dot_39_bar__plus_02_dot_36 CabinetType)
        (receptacleType Cabinet_bar__plus_01_dot_31_bar__plus_00_dot_39_bar__plus_02_dot_36 CabinetType)
        (receptacleType Fridge_bar__plus_02_dot_10_bar__plus_00_dot_00_bar__minus_00_dot_28 FridgeType)
        (receptacleType Microwave_bar__minus_00_dot_31_bar__plus_00_dot_93_bar__plus_02_dot_08 MicrowaveType)
        (receptacleType Sink_bar__plus_00_dot_80_bar__plus_00_dot_90_bar__plus_02_dot_08_bar_SinkBasin SinkBasinType)
        (receptacleAtLocation CounterTop_bar__plus_00_dot_20_bar__plus_01_dot_00_bar__plus_02_dot_08 loc_bar_1_bar_2_bar_0_bar_30)
        (receptacleAtLocation Cabinet_bar__plus_00_dot_35_bar__plus_00_dot_39_bar__plus_02_dot_36 loc_bar_1_bar_2_bar_0_bar_30)
        (receptacleAtLocation Sink_bar__plus_00_dot_80_bar__plus_00_dot_90_bar__plus_02_dot_08_bar_SinkBasin loc_bar_1_bar_2_bar_0_bar_30)
        (receptacleAtLocation Cabinet_bar__minus_01_dot_31_bar__plus_00_dot_39_bar__plus_02_dot_36 loc_bar__minus_1_bar_2_bar_0_bar_30)
        (receptacleAtLocation Cabinet_bar__plus_01_dot_31_bar__plus_00_dot_39_bar__plus_02_dot_36 loc_bar__minus_1_bar_2_bar_0_bar_30)
        (receptacleAtLocation Microwave_bar__minus_00_dot_31_bar__plus_00_dot_93_bar__plus_02_dot_08 loc_bar__minus_1_bar_2_bar_0_bar_30)
        (receptacleAtLocation Fridge_bar__plus_02_dot_10_bar__plus_00_dot_00_bar__minus_00_dot_28 loc_bar_3_bar_2_bar_1_bar_45)
        (openable Cabinet_bar__minus_01_dot_31_bar__plus_00_dot_39_bar__plus_02_dot_36)
        (openable Cabinet_bar__plus_00_dot_35_bar__plus_00_dot_39_bar__plus_02_dot_36)
        (openable Fridge_bar__plus_02_dot_10_bar__plus_00_dot_00_bar__minus_00_dot_28)
        (openable Microwave_bar__minus_00_dot_31_bar__plus_00_dot_93_bar__plus_02_dot_08)
        (opened Cabinet_bar__minus_01_dot_31_bar__plus_00_dot_39_bar__plus_02_dot_36)

        (objectType Apple_bar__minus_00_dot_31_bar__plus_01_dot_03_bar__plus_02_dot_08 AppleType)
        (objectType Apple_bar__plus_00_dot_12_bar__plus_01_dot_03_bar__plus_02_dot_08 AppleType)
        (objectType Book_bar__plus_00_dot_40_bar__plus_01_dot_03_bar__plus_02_dot_08 BookType)
        (objectType DeskLamp_bar__plus_00_dot_50_bar__plus_01_dot_03_bar__plus_02_dot_08 DeskLampType)
        (objectType Knife_bar__plus_00_dot_60_bar__plus_01_dot_03_bar__plus_02_dot_08 KnifeType)
        (objectType Mug_bar__minus_01_dot_31_bar__plus_00_dot_50_bar__plus_02_dot_08 MugType)
        (objectType Mug_bar__plus_01_dot_31_bar__plus_00_dot_50_bar__plus_02_dot_08 MugType)
        (objectType Pen_bar__plus_01_dot_31_bar__plus_00_dot_52_bar__plus_02_dot_08 PenType)
        (objectType Potato_bar__plus_00_dot_80_bar__plus_00_dot_52_bar__plus_02_dot_08 PotatoType)
        (isReceptacleObject Mug_bar__minus_01_dot_31_bar__plus_00_dot_50_bar__plus_02_dot_08)
        (isReceptacleObject Mug_bar__plus_01_dot_31_bar__plus_00_dot_50_bar__plus_02_dot_08)
        (pickupable Apple_bar__minus_00_dot_31_bar__plus_01_dot_03_bar__plus_02_dot_08)
        (pickupable Apple_bar__plus_00_dot_12_bar__plus_01_dot_03_bar__plus_02_dot_08)
        (pickupable Book_bar__plus_00_dot_40_bar__plus_01_dot_03_bar__plus_02_dot_08)
        (pickupable Knife_bar__plus_00_dot_60_bar__plus_01_dot_03_bar__plus_02_dot_08)
        (pickupable Mug_bar__minus_01_dot_31_bar__plus_00_dot_50_bar__plus_02_dot_08)
        (pickupable Mug_bar__plus_01_dot_31_bar__plus_00_dot_50_bar__plus_02_dot_08)
        (pickupable Pen_bar__plus_01_dot_31_bar__plus_00_dot_52_bar__plus_02_dot_08)
        (pickupable Potato_bar__plus_00_dot_80_bar__plus_00_dot_52_bar__plus_02_dot_08)
        (atLocation agent1 loc_bar_5_bar_4_bar_3_bar_30)

        (cleanable Apple_bar__minus_00_dot_31_bar__plus_01_dot_03_bar__plus_02_dot_08)
        (cleanable Apple_bar__plus_00_dot_12_bar__plus_01_dot_03_bar__plus_02_dot_08)
        (cleanable Knife_bar__plus_00_dot_60_bar__plus_01_dot_03_bar__plus_02_dot_08)
        (cleanable Mug_bar__minus_01_dot_31_bar__plus_00_dot_50_bar__plus_02_dot_08)
        (cleanable Mug_bar__plus_01_dot_31_bar__plus_00_dot_50_bar__plus_02_dot_08)
        (cleanable Potato_bar__plus_00_dot_80_bar__plus_00_dot_52_bar__plus_02_dot_08)
        (heatable Apple_bar__minus_00_dot_31_bar__plus_01_dot_03_bar__plus_02_dot_08)
        (heatable Apple_bar__plus_00_dot_12_bar__plus_01_dot_03_bar__plus_02_dot_08)
        (heatable Potato_bar__plus_00_dot_80_bar__plus_00_dot_52_bar__plus_02_dot_08)
        (coolable Apple_bar__minus_00_dot_31_bar__plus_01_dot_03_bar__plus_02_dot_08)
        (coolable Apple_bar__plus_00_dot_12_bar__plus_01_dot_03_bar__plus_02_dot_08)
        (coolable Mug_bar__minus_01_dot_31_bar__plus_00_dot_50_bar__plus_02_dot_08)
        (isCool Potato_bar__plus_00_dot_80_bar__plus_00_dot_52_bar__plus_02_dot_08)
        (toggleable DeskLamp_bar__plus_00_dot_50_bar__plus_01_dot_03_bar__plus_02_dot_08)
        (sliceable Apple_bar__minus_00_dot_31_bar__plus_01_dot_03_bar__plus_02_dot_08)
        (sliceable Apple_bar__plus_00_dot_12_bar__plus_01_dot_03_bar__plus_02_dot_08)
        (sliceable Potato_bar__plus_00_dot_80_bar__plus_00_dot_52_bar__plus_02_dot_08)

        (inReceptacle Apple_bar__minus_00_dot_31_bar__plus_01_dot_03_bar__plus_02_dot_08 CounterTop_bar__plus_00_dot_20_bar__plus_01_dot_00_bar__plus_02_dot_08)
        (inReceptacle Apple_bar__minus_00_dot_31_bar__plus_01_dot_03_bar__plus_02_dot_08 Microwave_bar__minus_00_dot_31_bar__plus_00_dot_93_bar__plus_02_dot_08)
        (inReceptacle Apple_bar__plus_00_dot_12_bar__plus_01_dot_03_bar__plus_02_dot_08 Cabinet_bar__plus_00_dot_35_bar__plus_00_dot_39_bar__plus_02_dot_36)
        (inReceptacle Book_bar__plus_00_dot_40_bar__plus_01_dot_03_bar__plus_02_dot_08 CounterTop_bar__plus_00_dot_20_bar__plus_01_dot_00_bar__plus_02_dot_08)
        (inReceptacle DeskLamp_bar__plus_00_dot_50_bar__plus_01_dot_03_bar__plus_02_dot_08 CounterTop_bar__plus_00_dot_20_bar__plus_01_dot_00_bar__plus_02_dot_08)
        (inReceptacle Knife_bar__plus_00_dot_60_bar__plus_01_dot_03_bar__plus_02_dot_08 CounterTop_bar__plus_00_dot_20_bar__plus_01_dot_00_bar__plus_02_dot_08)
        (inReceptacle Mug_bar__minus_01_dot_31_bar__plus_00_dot_50_bar__plus_02_dot_08 Cabinet_bar__minus_01_dot_31_bar__plus_00_dot_39_bar__plus_02_dot_36)
        (inReceptacle Mug_bar__plus_01_dot_31_bar__plus_00_dot_50_bar__plus_02_dot_08 Cabinet_bar__plus_01_dot_31_bar__plus_00_dot_39_bar__plus_02_dot_36)
        (inReceptacle Potato_bar__plus_00_dot_80_bar__plus_00_dot_52_bar__plus_02_dot_08 Sink_bar__plus_00_dot_80_bar__plus_00_dot_90_bar__plus_02_dot_08_bar_SinkBasin)
        (inReceptacleObject Pen_bar__plus_01_dot_31_bar__plus_00_dot_52_bar__plus_02_dot_08 Mug_bar__plus_01_dot_31_bar__plus_00_dot_50_bar__plus_02_dot_08)
        (objectAtLocation Apple_bar__minus_00_dot_31_bar__plus_01_dot_03_bar__plus_02_dot_08 loc_bar_1_bar_2_bar_0_bar_30)
        (objectAtLocation Apple_bar__plus_00_dot_12_bar__plus_01_dot_03_bar__plus_02_dot_08 loc_bar_1_bar_2_bar_0_bar_30)
        (objectAtLocation Chair_bar__plus_02_dot_00_bar__plus_00_dot_00_bar__plus_02_dot_08 loc_bar_3_bar_2_bar_1_bar_45)
        (objectAtLocation Mug_bar__minus_01_dot_31_bar__plus_00_dot_50_bar__plus_02_dot_08 loc_bar__minus_1_bar_2_bar_0_bar_30)
        (canContain CounterTopType AppleType)
        (canContain CounterTopType MugType)
        (canContain CounterTopType KnifeType)
        (canContain CounterTopType BookType)
        (canContain CounterTopType PotatoType)
        (canContain CabinetType MugType)
        (canContain CabinetType BookType)
        (canContain SinkBasinType AppleType)
        (canContain SinkBasinType MugType)
        (canContain SinkBasinType KnifeType)
        (canContain SinkBasinType PotatoType)
        (canContain FridgeType AppleType)
        (canContain FridgeType MugType)
        (canContain FridgeType PotatoType)
        (canContain MicrowaveType AppleType)
        (canContain MicrowaveType PotatoType)
        )
${cleanMugGoal}
)`;

const actionNames = [
  'look',
  'inventory',
  'examineReceptacle',
  'examineObject',
  'GotoLocation',
  'OpenObject',
  'CloseObject',
  'PickupObject',
  'PutObject',
  'CleanObject',
  'HeatObject',
  'CoolObject',
  'ToggleObject',
  'SliceObject',
  'help',
];

/** The parts of a domain that the reader looks at; the original's text is not ours to copy. */
export const domain = `(define (domain alfred)
${actionNames.map((name) => `(:action ${name} :parameters (?a - agent) :precondition () :effect (and (checked ?a)))`).join('\n')}
)`;

/** The parts of a grammar that the reader looks at. */
export function grammarOf({ goal, old = false }: { goal: string; old?: boolean }): string {
  const arrival = old ? 'You arrive at {lend.name}. ' : 'You arrive at {r.name}. ';
  return `grammar :: """
    { "task": [ { "rhs": "Your task is to: ${goal}." } ],
      "GotoLocation.feedback": [ { "rhs": "${arrival}#examineReceptacle.feedback#" } ] }
""";
action PutObject {
    template :: "${old ? 'put {o} in/on {r}' : 'move {o} to {r}'}";
    feedback :: "#PutObject.feedback#";
}
${old ? '' : 'action help {\n    template :: "help";\n    feedback :: "#help.feedback#";\n}'}
`;
}

/** Writes a game of ALFWorld's form and gives back the path of its `game.tw-pddl`. */
export async function writeGame({
  directory,
  folder = 'pick_clean_then_place_in_recep-Mug-None-Fridge-10/trial_T20190000_000000_000000',
  game = {},
  trajectory = {
    task_id: 'trial_T20190000_000000_000000',
    task_type: 'pick_clean_then_place_in_recep',
    scene: { floor_plan: 'FloorPlan10', scene_num: 10 },
  },
}: {
  directory: string;
  folder?: string;
  game?: Record<string, unknown> | string;
  trajectory?: Record<string, unknown> | null;
}): Promise<string> {
  const target = join(directory, folder);
  await mkdir(target, { recursive: true });
  const content = {
    pddl_domain: domain,
    grammar: grammarOf({ goal: 'put a clean mug in fridge' }),
    pddl_problem: kitchenProblem,
    solvable: true,
    walkthrough: null,
  };
  await writeFile(join(target, 'game.tw-pddl'), typeof game === 'string' ? game : JSON.stringify({ ...content, ...game }));
  if (trajectory) await writeFile(join(target, 'traj_data.json'), JSON.stringify(trajectory));
  return join(target, 'game.tw-pddl');
}
