import type { Operation } from './arithmetic-plan.js';
import type { NumberField } from './country-numbers.js';

/** What can be asked: `{all}` is a list of two or three countries, `{first}` and `{second}` are two. */
export const arithmeticWordings: readonly { operation: Operation; field: NumberField; wordings: readonly string[] }[] =
  [
    {
      operation: 'sum',
      field: 'area',
      wordings: [
        'How many thousand km2 do {all} cover together?',
        'What is the area of {all} together, in thousand km2?',
      ],
    },
    {
      operation: 'difference',
      field: 'area',
      wordings: [
        'How many thousand km2 larger is {first} than {second}?',
        'By how many thousand km2 is {first} larger than {second}?',
      ],
    },
    {
      operation: 'ratio',
      field: 'area',
      wordings: [
        'How many times as large as {second} is {first}, to the nearest whole number?',
        'How many times does {second} fit into {first}, to the nearest whole number?',
      ],
    },
    {
      operation: 'average',
      field: 'area',
      wordings: [
        'What is the average area of {all}, to the nearest thousand km2?',
        'How large are {all} on average, to the nearest thousand km2?',
      ],
    },
    {
      operation: 'comparison',
      field: 'area',
      wordings: [
        'Which country is larger, {first} or {second}?',
        'Which country covers more land, {first} or {second}?',
      ],
    },
    {
      operation: 'difference',
      field: 'equator',
      wordings: [
        'How many degrees farther from the equator is {first} than {second}?',
        'By how many degrees is {first} farther from the equator than {second}?',
      ],
    },
    {
      operation: 'average',
      field: 'equator',
      wordings: [
        'How many degrees from the equator are {all} on average, to the nearest degree?',
        'What is the average distance of {all} from the equator, to the nearest degree?',
      ],
    },
    {
      operation: 'comparison',
      field: 'equator',
      wordings: [
        'Which country is farther from the equator, {first} or {second}?',
        'Which country lies farther away from the equator, {first} or {second}?',
      ],
    },
    {
      operation: 'sum',
      field: 'neighbours',
      wordings: [
        'How many neighbours do {all} have together, counted for each?',
        'What is the sum of the numbers of neighbours of {all}?',
      ],
    },
    {
      operation: 'difference',
      field: 'neighbours',
      wordings: [
        'How many more neighbours does {first} have than {second}?',
        'By how many is the number of neighbours of {first} larger than that of {second}?',
      ],
    },
    {
      operation: 'comparison',
      field: 'neighbours',
      wordings: [
        'Which country has more neighbours, {first} or {second}?',
        'Which country has the larger number of neighbours, {first} or {second}?',
      ],
    },
  ];
