import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { vi } from 'vitest';

// `npm run synth` validates the template against CloudFormation's schemas; here it costs 4 s a file.
vi.stubEnv('CDK_VALIDATION', 'false');

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation's properties are as CDK writes them
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

/** The resources of a stack's template; one type of them, or all. */
export function resourcesOf(stack: Stack, type?: string): Resource[] {
  const { Resources } = Template.fromStack(stack).toJSON() as {
    Resources: Record<string, Resource>;
  };
  return Object.values(Resources).filter((resource) => !type || resource.Type === type);
}

/** An app that leaves the janitor's code unbundled, where only templates matter. */
export function unbundled(): App {
  return new App({ context: { 'aws:cdk:bundling-stacks': [] } });
}

/** The file that a stack's janitor is deployed as. */
export function janitorBundle(app: App, stack: Stack): string {
  const { directory } = app.synth();
  const manifest = join(directory, `${stack.stackName}.assets.json`);
  const { files } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    files: Record<string, { source: { path: string; packaging: string } }>;
  };
  const [code] = Object.values(files).filter(({ source }) => source.packaging === 'zip');
  return join(directory, code?.source.path ?? '', 'index.mjs');
}
