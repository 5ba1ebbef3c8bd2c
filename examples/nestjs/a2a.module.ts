import {
  type BeforeApplicationShutdown,
  Inject,
  Module,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Backend, createBackend } from 'a2a-aws';
import { HealthController } from './health.controller.ts';

/** One backend for the process. It starts before the server listens, and stops before it closes. */
@Module({
  providers: [{ provide: Backend, useFactory: () => createBackend() }],
  controllers: [HealthController],
})
export class A2aModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #backend: Backend;

  constructor(@Inject(Backend) backend: Backend) {
    this.#backend = backend;
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#backend.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#backend.stop(); // runs finish, streams end, the queue is removed
  }
}
