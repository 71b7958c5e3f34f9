"""Answers and what the reference metrics say of them, for packages/arc/src/metrics/answer-metrics-parity.test.ts.

The functions below restate what these scripts compute, with nothing but Python:
- normalisation, exact match, F1: the evaluation scripts of SQuAD v1.1 and v2.0 (the two differ where no words are left)
- F1 with yes, no and noanswer as answers of their own: the evaluation script of HotpotQA, which FlashRAG repeats
- exact match and substring match of any golden answer: `em_check` and `subem_check` of Search-R1's `qa_em.py`

The cases come from a generator that the test repeats, so the file holds words, figures and digests alone.

    python3 tools/parity/answer_metrics.py packages/arc/src/metrics/__fixtures__/answer-metrics.json
"""

import collections
import hashlib
import json
import platform
import re
import string
import sys

CASES = 10_000
BLOCK = 500
SEED = 20250828

WORDS = (
    "a A an An the The THE a a the sol Sol SOL Peru Lima Paris party art Another theatre anthem athens than "
    "yes Yes no No noanswer yes. maybe 1 2 1987 1,000 1000 3.14 $5 50% 20th twenty U.S.A. USA don't dont l'a rock-n-roll "
    "O'Neill (Peru) \"quoted\" C++ C# _a_ a_b a-b semi;colon and/or & @home #1 e.g. ... - -- ' \" \\ | ~ ` ^ { } "
    "año niño São Zürich Straße STRASSE İstanbul ISTANBUL ıstanbul ΟΔΟΣ οδος Ωm Москва МОСКВА 東京 東京都 대한민국 القاهرة "
    "Ａ ａｎ ｔｈｅ “the” ‘a’ «an» —the… a€ €5 the© ½ ² ٣ Ⅳ ﬁn 🎉 the🎉 a\u0301 an\u0303o re\u0301sume\u0301 résumé the\u200bx "
    "so\u00adft ǅ ŉ a\u0000b the\u007f \u2019s ª º Ⓐ ⓐ"
).split(" ")
SEPARATORS = [" ", " ", " ", " ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u2028", "\u0085", "\u001c", "\u001f"]
SEPARATORS += ["\u180e", "\u200b", "\ufeff", "-", ", ", ". ", "/", "", "—", " a ", " the "]
VERDICTS = ["yes", "Yes", "no", "No.", "YES!", "yes it is", "not known", "no, it is not", "noanswer", "the yes", "", "a"]


class Draws:
    """A linear congruential generator (Numerical Recipes), of which the high bits are used."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return self.state * bound >> 32


def make_case(draws):
    def phrase(longest):
        text = ""
        for _ in range(draws.below(longest + 1)):
            text += WORDS[draws.below(len(WORDS))]
            text += SEPARATORS[draws.below(len(SEPARATORS))]
        return text

    kind = draws.below(6)
    golden = [phrase(4) for _ in range(draws.below(4))]
    if kind == 3:
        golden.append(VERDICTS[draws.below(len(VERDICTS))])
        return VERDICTS[draws.below(len(VERDICTS))], golden
    if kind == 0 or not golden:
        return phrase(5), golden
    chosen = golden[draws.below(len(golden))]
    if kind == 1:
        return "The " + chosen + ".", golden
    if kind == 2:
        before = phrase(2)
        return before + chosen + phrase(2), golden
    if kind == 4:
        return " ".join(reversed(chosen.split(" "))), golden
    return chosen + SEPARATORS[draws.below(len(SEPARATORS))] + chosen, golden


PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalize(text):
    without = re.sub(r"\b(a|an|the)\b", " ", text.lower().translate(PUNCTUATION))
    return " ".join(without.split())


def squad_exact(prediction, golden):
    return int(normalize(prediction) == normalize(golden))


def shared_words(prediction, golden):
    return sum((collections.Counter(prediction) & collections.Counter(golden)).values())


def squad_f1(prediction, golden, both_empty):
    """`both_empty`: what two answers without words get: 0 in v1.1, 1 in v2.0."""
    predicted, wanted = normalize(prediction).split(), normalize(golden).split()
    if not predicted or not wanted:
        return both_empty * int(predicted == wanted)
    same = shared_words(predicted, wanted)
    if same == 0:
        return 0
    precision, recall = same / len(predicted), same / len(wanted)
    return 2 * precision * recall / (precision + recall)


def hotpot_f1(prediction, golden):
    verdicts = {"yes", "no", "noanswer"}
    sides = {normalize(prediction), normalize(golden)}
    if len(sides) == 2 and sides & verdicts:
        return 0
    return squad_f1(prediction, golden, 0)


def em_check(prediction, golden):
    return int(any(normalize(answer) == normalize(prediction) for answer in golden))


def subem_check(prediction, golden):
    return int(any(normalize(answer) in normalize(prediction) for answer in golden))


def best(metric, prediction, golden, *rest):
    return max((metric(prediction, answer, *rest) for answer in golden), default=0)


def digest(texts):
    return hashlib.sha256("\u0001".join(texts).encode()).hexdigest()[:16]


def blocks(texts):
    return [digest(texts[start : start + BLOCK]) for start in range(0, len(texts), BLOCK)]


def main(path):
    draws = Draws(SEED)
    cases = [make_case(draws) for _ in range(CASES)]
    for prediction, golden in cases:
        assert em_check(prediction, golden) == best(squad_exact, prediction, golden)

    f1 = {
        "squad11": [best(squad_f1, *case, 0) for case in cases],
        "squad20": [best(squad_f1, *case, 1) for case in cases],
        "hotpotqa": [best(hotpot_f1, *case) for case in cases],
    }
    values = sorted({value for column in f1.values() for value in column})
    place = {value: index for index, value in enumerate(values)}
    result = {
        "madeWith": f"Python {platform.python_version()}",
        "seed": SEED,
        "cases": CASES,
        "block": BLOCK,
        "words": WORDS,
        "separators": SEPARATORS,
        "verdicts": VERDICTS,
        "caseDigests": blocks(["\u0002".join([prediction, *golden]) for prediction, golden in cases]),
        "normalizedDigests": blocks(["\u0002".join(map(normalize, [prediction, *golden])) for prediction, golden in cases]),
        "exactMatch": "".join(str(em_check(*case)) for case in cases),
        "substringMatch": "".join(str(subem_check(*case)) for case in cases),
        "f1Values": values,
        **{f"f1_{name}": " ".join(str(place[value]) for value in column) for name, column in f1.items()},
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    print(f"{CASES} cases, exact match {result['exactMatch'].count('1')}, substring {result['substringMatch'].count('1')}")


main(sys.argv[1])
