"""What ALFWorld's text engine (textworld[pddl] with the domain, grammar and names of alfworld) answers to given commands.

    python household.py CASES.json > packages/envs/src/household/__fixtures__/textworld.json

CASES.json comes from household.mjs. Per step: the command, the observation, the score, and a digest of the admissible commands (sorted,
one a line); the game is over where the score is 1. The words of `help` are left out: they are not compared.
"""

import hashlib
import importlib.metadata
import json
import pathlib
import sys

import alfworld
import textworld
from alfworld.agents.environment.alfred_tw_env import AlfredDemangler
from textworld.envs import PddlEnv

DATA = pathlib.Path(alfworld.__file__).parent / "data"
DOMAIN = (DATA / "alfred.pddl").read_text()
GRAMMAR = (DATA / "alfred.twl2").read_text()


def digest(text, characters):
    return hashlib.sha256(text.encode()).hexdigest()[:characters]


def play(case):
    env = AlfredDemangler(PddlEnv(textworld.EnvInfos(won=True, admissible_commands=True)), shuffle=False)
    env.load({"pddl_domain": DOMAIN, "grammar": GRAMMAR, "pddl_problem": case["problem"]})
    state = env.reset()
    start = [state.feedback, digest("\n".join(state["admissible_commands"]), 8)]
    steps = []
    for command in case["commands"]:
        state, score, done = env.step(command)
        assert done == (score == 1)
        observation = "" if command.strip() == "help" else state.feedback
        steps.append([command, observation, score, digest("\n".join(state["admissible_commands"]), 8)])
    return {"name": case["name"], "problem": digest(case["problem"], 16), "start": start, "steps": steps}


if __name__ == "__main__":
    names = ("textworld", "alfworld", "fast_downward_textworld")
    versions = {name: importlib.metadata.version(name) for name in names}
    cases = []
    for case in json.loads(pathlib.Path(sys.argv[1]).read_text()):
        played = play(case)
        head = json.dumps({key: value for key, value in played.items() if key != "steps"})[:-1]
        steps = ",\n".join(json.dumps(step) for step in played["steps"])
        cases.append(f'{head},\n"steps": [\n{steps}\n]}}')
    print(f'{{"versions": {json.dumps(versions)},\n"cases": [{(","+chr(10)).join(cases)}]}}')
