import { Controller, Get, Inject, ServiceUnavailableException } from '@nestjs/common';
import { Backend, type BackendHealth } from 'a2a-aws';

@Controller('health')
export class HealthController {
  readonly #backend: Backend;

  constructor(@Inject(Backend) backend: Backend) {
    this.#backend = backend;
  }

  @Get()
  health(): BackendHealth {
    const health = this.#backend.health();
    if (!health.ready) throw new ServiceUnavailableException();
    return health;
  }
}
