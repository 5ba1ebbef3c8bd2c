import {
  App,
  CliCredentialsStackSynthesizer,
  type IStackSynthesizer,
  LegacyStackSynthesizer,
  Validations,
} from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { A2aStack } from '../src/index.ts';
import { appOptions } from './app-options.ts';

const app = new App({ analyticsReporting: false });
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));

const options = givenOptions();

// Both deploy with the caller's credentials alone, and neither adds anything to the template. The
// legacy one needs no bootstrapped account: the template is small and has no assets unless there is a
// janitor. (Even BootstraplessSynthesizer names bootstrapped roles.)
const synthesizer = options.janitor
  ? new CliCredentialsStackSynthesizer()
  : new LegacyStackSynthesizer();

new A2aStack(app, 'A2aStack', {
  description: 'The task log, doorbells and dead letters of a2a-aws',
  // The assertion: CDK's own types disagree under exactOptionalPropertyTypes.
  synthesizer: synthesizer as IStackSynthesizer,
  ...options,
});

function givenOptions(): ReturnType<typeof appOptions> {
  try {
    return appOptions((name) => app.node.tryGetContext(name));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return process.exit(2);
  }
}
