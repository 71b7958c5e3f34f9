/** What tokens can be coloured by. */
export const channelNames = ['mask', 'logProb', 'teacherKl', 'advantage'] as const;

export type ChannelName = (typeof channelNames)[number];

interface Channel {
  label: string;
  /** What a value means, for the legend. */
  description: string;
}

export const channels: Readonly<Record<ChannelName, Channel>> = {
  mask: { label: 'Mask', description: 'Which tokens the policy sampled: only those are trained on and scored.' },
  logProb: {
    label: 'Log-prob',
    description: 'Natural log-probability that the sampler gave the token, in steps of its probability.',
  },
  teacherKl: {
    label: 'Teacher KL',
    description:
      'log π − log π of the teacher for the token, in nats. Above zero the policy is surer of it than the teacher, below zero less.',
  },
  advantage: {
    label: 'Advantage',
    description:
      'What the update pushed the token by: above zero more likely, below zero less. In steps of the largest here.',
  },
};

export const isChannelName = (name: string): name is ChannelName => channelNames.some((known) => known === name);
