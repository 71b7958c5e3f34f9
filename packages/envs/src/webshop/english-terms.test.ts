import { expect, test } from 'vitest';
import { englishTerms } from './english-terms.js';
import { porterStem } from './porter-stem.js';

// The examples of the paper and some of ours; stems by the PorterStemmer of NLTK 3.10 with Martin's extensions.
const words =
  'caresses ponies ties caress cats feed agreed plastered bled motoring sing conflated troubled sized ' +
  'hopping tanned falling hissing fizzed failing filing happy sky relational conditional rational valenci ' +
  'hesitanci digitizer conformabli radicalli differentli vileli analogousli vietnamization predication ' +
  'operator feudalism decisiveness hopefulness callousness formaliti sensitiviti sensibiliti archaeologi ' +
  'triplicate formative formalize electriciti electrical hopeful goodness revival allowance inference ' +
  'airliner gyroscopic adjustable defensible irritant replacement adjustment dependent adoption creation ' +
  'mission homologou communism activate angulariti homologous effective bowdlerize probate rate cease ' +
  'controll roll asyying earlyying shoes boots washable cancelling charging cushions is as be 12 größe';
const stems =
  'caress poni ti caress cat feed agre plaster bled motor sing conflat troubl size hop tan fall hiss fizz ' +
  'fail file happi sky relat condit ration valenc hesit digit conform radic differ vile analog vietnam ' +
  'predic oper feudal decis hope callous formal sensit sensibl archaeolog triplic form formal electr electr ' +
  'hope good reviv allow infer airlin gyroscop adjust defens irrit replac adjust depend adopt creation ' +
  'mission homolog commun activ angular homolog effect bowdler probat rate ceas control roll asi earli shoe ' +
  'boot washabl cancel charg cushion is as be 12 größe';

test('stems', () => {
  expect(words.split(' ').map(porterStem).join(' ')).toBe(stems);
});

test('terms are stemmed words without possessives and stop words', () => {
  expect(englishTerms("The Women's Running Shoes, for 16.9 fl_oz & U.S.A.")).toEqual([
    'women',
    'run',
    'shoe',
    '16.9',
    'fl_oz',
    'u.s.a',
  ]);
  expect(englishTerms('X-Large 1,299.00 “crème”')).toEqual(['x', 'larg', '1,299.00', 'crème']);
  expect(englishTerms('to be or not to be ...')).toEqual([]);
});
