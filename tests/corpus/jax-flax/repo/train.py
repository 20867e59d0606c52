import jax
import optax
from flax import linen as nn
from flax.training import train_state

class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(3)(nn.relu(nn.Dense(32)(x)))

@jax.jit
def step(state, batch):
    def cost(params):
        return optax.softmax_cross_entropy_with_integer_labels(state.apply_fn(params, batch[0]), batch[1]).mean()
    return state.apply_gradients(grads=jax.grad(cost)(state.params))

net = Net()
params = net.init(jax.random.PRNGKey(0), example)
state = train_state.TrainState.create(apply_fn=net.apply, params=params, tx=optax.adam(1e-3))
for batch in batches:
    state = step(state, batch)
