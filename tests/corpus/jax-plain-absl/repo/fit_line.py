from absl import app
import jax
import jax.numpy as jnp

def gap(w, x, y):
    return jnp.mean((jnp.dot(x, w) - y) ** 2)

def main(argv):
    slope = jax.jit(jax.grad(gap))
    w = jnp.zeros(3)
    for _ in range(100):
        w = w - 0.1 * slope(w, xs, ys)

if __name__ == "__main__":
    app.run(main)
