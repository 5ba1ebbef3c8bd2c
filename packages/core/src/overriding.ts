/**
 * Returns a view of `real` with some properties replaced; `real` itself does not change. Its other
 * methods keep `real` as their `this`, so private fields work. `real` may be frozen.
 */
export function overriding<T extends object>(real: T, replaced: Partial<T>): T {
  const shell = Object.create(Object.getPrototypeOf(real)) as T;
  return new Proxy(shell, {
    get(_, property) {
      if (Object.hasOwn(replaced, property)) return Reflect.get(replaced, property);
      const value: unknown = Reflect.get(real, property, real);
      const isMethod = typeof value === 'function' && property !== 'constructor';
      return isMethod ? value.bind(real) : value;
    },
    has: (_, property) => Reflect.has(real, property),
    set: (_, property, value) => Reflect.set(real, property, value, real),
  });
}
