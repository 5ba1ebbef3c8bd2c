import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { A2aJanitor, type A2aJanitorProps } from './a2a-janitor.ts';

export interface A2aJanitorStackProps extends StackProps, A2aJanitorProps {}

/** The janitor as a stack of its own: it has an asset, so its account must be bootstrapped. */
export class A2aJanitorStack extends Stack {
  readonly janitor: A2aJanitor;

  constructor(scope: Construct, id: string, props: A2aJanitorStackProps) {
    super(scope, id, props);
    this.janitor = new A2aJanitor(this, 'Janitor', props);
  }
}
