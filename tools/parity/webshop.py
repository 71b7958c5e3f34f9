"""Plays the episodes of webshop-episodes.mjs in the original WebShop, and asks it for the rewards of random purchases.

usage: webshop.py <checkout of princeton-nlp/WebShop> <folder of webshop-episodes.mjs> <fixture folder> [spaCy model]

Only its searches are ours (Lucene needs Java), and the draws that it makes without a seed: prices within ranges and price limits.
"""

import hashlib
import importlib
import json
import random
import shutil
import sys
import types
from pathlib import Path

import spacy

checkout, folder, fixtures = (Path(argument) for argument in sys.argv[1:4])
model = sys.argv[4] if len(sys.argv) > 4 else 'en_core_web_sm'
sys.path.insert(0, str(checkout))
played = json.loads((folder / 'episodes.json').read_text())

nlp = importlib.import_module(model).load()
spacy.load = lambda name: nlp


def module(name, **members):
    made = types.ModuleType(name)
    made.__dict__.update(members)
    sys.modules[name] = made
    return made


class Searcher:
    """Answers searches as they were answered here."""

    def __init__(self, path):
        pass

    def search(self, keywords, k):
        return [types.SimpleNamespace(docid=asin) for asin in played['searches'][keywords][:k]]

    def doc(self, asin):
        return types.SimpleNamespace(raw=lambda: json.dumps({'id': asin}))


module('gym', Env=object)
module('torch')
module('cleantext')
module('rank_bm25', BM25Okapi=None)
module('pyserini')
module('pyserini.search')
module('pyserini.search.lucene', LuceneSearcher=Searcher)
module('web_agent_site.envs').__path__ = [str(checkout / 'web_agent_site' / 'envs')]

from web_agent_site.engine import engine, goal as goal_module  # noqa: E402

engine.DEFAULT_ATTR_PATH = str(folder / 'items_ins_v2.json')
engine.HUMAN_ATTR_PATH = str(folder / 'items_human_ins.json')
from web_agent_site.envs import web_agent_text_env as text_env  # noqa: E402


def original_goal(task):
    ours = task['metadata']['goal']
    return {
        'asin': ours['asin'],
        'category': ours['category'],
        'query': ours['query'],
        'name': ours['name'],
        'product_category': ours['productCategory'],
        'instruction_text': task['question'],
        'attributes': ours['attributes'],
        'price_upper': ours['priceUpper'],
        'goal_options': ours['options'],
        'weight': 1,
    }


goals = [original_goal(task) for task in played['goals']]
server = {}
for human in (True, False):
    for show in (True, False):
        server[human, show] = text_env.SimServer('http://127.0.0.1:3000', str(folder / 'items_shuffle.json'), human_goals=human, show_attrs=show)


def comparable(goal):
    without_limit = goal['instruction_text'].split(', and price lower')[0]
    return json.dumps([goal['asin'], goal['query'], goal['name'], goal['product_category'], without_limit, goal['attributes'], goal['goal_options']])


# The goals that the original makes of the same files, but for their limits and their order.
for human in (True, False):
    theirs = {comparable(goal) for goal in server[human, True].goals}
    ours = [goal for task, goal in zip(played['goals'], goals) if ('-human-' in task['id']) == human]
    missing = [goal for goal in ours if comparable(goal) not in theirs]
    assert not missing, missing[0]
    print(f'{len(ours)} of {len(theirs)} goals (human: {human}) are those of the original')

# Their order, which is seeded.
orders = {name: [goal['asin'] for goal in server[name == 'human', True].goals] for name in ('human', 'synthetic')}

episodes = []
for episode in played['episodes']:
    shop = server[True, episode['showAttributes']]
    shop.goals = goals
    shop.product_prices = played['prices']
    shop.user_sessions = {}
    environment = text_env.WebAgentTextEnv(observation_mode=episode['observationMode'], server=shop)
    observation, _ = environment.reset(session=episode['goal'])
    observations, reward = [observation], 0
    for command in episode['commands']:
        observation, reward, done, _ = environment.step(command)
        if done:
            break
        observations.append(observation)
    digests = [hashlib.sha256(text.encode()).hexdigest()[:8] for text in observations]
    episodes.append({**episode, 'digests': digests, 'reward': reward})
    if '--print' in sys.argv:
        print('\n'.join(observations))

# Purchases with names, attributes and options that agree more or less.
draw = random.Random(11)
products = server[True, True].all_products
words = sorted({word for product in products for word in product['Title'].split()})
names = sorted({product['Title'] for product in products})
for _ in range(60):
    name = draw.choice(names).split()
    name[draw.randrange(len(name))] = draw.choice(words)
    names.append(' '.join(name + draw.sample(words, draw.randrange(9))))
names += ['', 'With and for', '12 34', 'Größe Straße Lampe', 'xl']


def vary(text):
    """A text, or one that nearly agrees."""
    kind = draw.randrange(8)
    tokens = text.split()
    if kind == 0 and len(text) > 2:
        place = draw.randrange(len(text))
        return text[:place] + draw.choice('aeiou-é ') + text[place + 1 :]
    if kind == 1:
        return text + draw.choice(['s', ' pack', ' (new)', ' free', '!'])
    if kind == 2 and len(tokens) > 1:
        return ' '.join(draw.sample(tokens, len(tokens)))
    if kind == 3 and len(tokens) > 1:
        return ' '.join(tokens[1:])
    if kind == 4:
        return text[::-1]
    return text


attributes = sorted({attribute for product in products for attribute in product['Attributes']})
options = sorted({value for product in products for values in product['options'].values() for value in values})
pool = [
    {
        'query': product['query'],
        'productCategory': product['product_category'],
        'attributes': product['Attributes'],
        'features': product['BulletPoints'],
        'description': product['Description'],
    }
    for product in products
]
cases = []
for _ in range(1000):
    place = draw.randrange(len(pool))
    other = place if draw.random() < 0.5 else draw.randrange(len(pool))
    bought, wished = products[place], products[other]
    name = draw.randrange(len(names))
    wished_name = name if draw.random() < 0.5 else draw.randrange(len(names))
    own = [value for values in wished['options'].values() for value in values]
    chosen = draw.sample(own, min(len(own), draw.randrange(3))) + draw.sample(options, draw.randrange(2))
    goal_options = [vary(value) for value in (chosen or own[:1])] + ([vary(draw.choice(options))] if draw.random() < 0.3 else [])
    if draw.random() < 0.4:
        goal_options = {draw.choice(['color', 'size', 'set', f'name {index}']): value for index, value in enumerate(goal_options)}
    goal_attributes = [vary(text) for text in draw.sample(bought['Attributes'] + attributes[:6], draw.randrange(1, 4))]
    price = draw.choice([9.99, 10.0, 20.0, 55.5, 240.0])
    limit = draw.choice([10.0, 20.0, 50.0, 240.0, 1000000])
    goal = {
        'query': wished['query'],
        'product_category': wished['product_category'],
        'name': names[wished_name],
        'attributes': goal_attributes,
        'goal_options': goal_options,
        'price_upper': limit,
    }
    purchase = {**bought, 'name': names[name], 'Title': names[name]}
    reward, info = goal_module.get_reward(purchase, goal, price, dict(enumerate(chosen)), verbose=True)
    cases.append([place, other, name, wished_name, goal_attributes, goal_options, chosen, price, limit, reward, info['r_type']])

nouns = [[token.text.lower() for token in nlp(name) if token.pos_ in ('PNOUN', 'NOUN', 'PROPN')] for name in names]
fixtures.mkdir(parents=True, exist_ok=True)
for file in ('items_shuffle.json', 'items_ins_v2.json', 'items_human_ins.json'):
    shutil.copy(folder / file, fixtures / file)


def lines(items):
    return '[\n' + ',\n'.join(json.dumps(item, ensure_ascii=False, separators=(',', ':')) for item in items) + '\n]'


(fixtures / 'rewards.json').write_text(
    f'{{"names": {lines(list(zip(names, nouns)))},\n"products": {lines(pool)},\n"cases": {lines(cases)}}}\n'
)
(fixtures / 'episodes.json').write_text(f'{{"orders": {json.dumps(orders)},\n"goals": {lines(played["goals"])},\n"episodes": {lines(episodes)}}}\n')
print(f'{len(episodes)} episodes, {len(cases)} rewards, {len({case[9] for case in cases})} of them different')
