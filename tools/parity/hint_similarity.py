"""Writes difflib's ratio of pairs of texts: hints, their variations, long texts with popular characters, random ones.

usage: hint_similarity.py <file>
"""

import json
import random
import sys
from difflib import SequenceMatcher

hints = [
    'open the {container} before you take the {object} out of it.',
    'open the {container} before you take {object} out.',
    'go to the {location} before you take the {object}.',
    'choose the {size} and the {color} of the {item} before buying.',
    'do not repeat a command that had no effect.',
    'avoid repeating a command which had no effect',
    'compare the price of the {item} with the limit before buying it.',
    'café – naïve 🛒 {item}',
    'cafe - naive 🛒🛒 {item}',
    'a',
    '',
]
draw = random.Random(7)
pairs = [(left, right) for left in hints for right in hints]
for letters, lengths in (('ab', (0, 12)), ('abcd ', (3, 40)), ('abcdefgh ', (190, 260))):
    for _ in range(25):
        left = ''.join(draw.choices(letters, k=draw.randint(*lengths)))
        right = list(left)
        for _ in range(draw.randint(0, 8)):
            place = draw.randint(0, len(right))
            right[place:place + draw.randint(0, 2)] = draw.choices(letters, k=draw.randint(0, 2))
        pairs.append((left, ''.join(right)))
# Characters that are rare enough to anchor a long text, among some that are not.
for _ in range(20):
    words = [''.join(draw.choices('abcdefghijklmnopqrstuvwxyzäöüß0123456789', k=draw.randint(2, 9))) for _ in range(60)]
    left = ' '.join(words)[:240]
    for _ in range(6):
        words[draw.randrange(len(words))] = 'mug'
    pairs.append((left, ' '.join(words)[:240]))

cases = [[left, right, SequenceMatcher(None, left, right).ratio()] for left, right in pairs]
with open(sys.argv[1], 'w', encoding='utf-8') as file:
    lines = ',\n'.join(json.dumps(case, ensure_ascii=False) for case in cases)
    file.write(f'[\n{lines}\n]\n')
