import { App, type IStackSynthesizer, LegacyStackSynthesizer, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { A2aJanitorStack, A2aStack } from '../src/index.ts';

const app = new App({ analyticsReporting: false });
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));

const { backend } = new A2aStack(app, 'A2aStack', {
  description: 'The task log, doorbells and dead letters of a2a-aws',
  // Deploys with the caller's credentials alone, into an account that was never bootstrapped: the
  // template is small and has no assets. (Even BootstraplessSynthesizer names bootstrapped roles.)
  // The assertion: CDK's own types disagree under exactOptionalPropertyTypes.
  synthesizer: new LegacyStackSynthesizer() as IStackSynthesizer,
});

// On demand (`-c janitor=true`): it needs a bootstrapped account.
if (app.node.tryGetContext('janitor')) {
  new A2aJanitorStack(app, 'A2aJanitorStack', {
    description: 'Cleans up when no instance of a2a-aws is left',
    backend,
  });
}
