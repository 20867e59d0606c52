from keras.layers import Activation, Add, Conv2D, Dense, Flatten, Input, MaxPooling2D
from keras.models import Model
from keras.optimizers import Adam
from sklearn.datasets import load_digits

lr = 0.0003
batch = 64

def conv_block(t, filters):
    t = Conv2D(filters, (3, 3), padding="same")(t)
    t = Activation("relu")(t)
    return t

def build():
    inp = Input(shape=(8, 8, 1))
    a = conv_block(inp, 2)
    b = conv_block(a, 2)
    x = Add()([a, b])
    x = MaxPooling2D()(x)
    x = conv_block(x, filters=3)
    x = Flatten()(x)
    out = Dense(10, activation="softmax")(x)
    model = Model(inputs=inp, outputs=out)
    opt = Adam(learning_rate=lr)
    model.compile(loss="sparse_categorical_crossentropy", optimizer=opt, metrics=["acc"])
    return model

def main():
    digits = load_digits()
    x, y = digits.images[..., None] / 16.0, digits.target
    model = build()
    model.fit(x[:1300], y[:1300], batch, 2, validation_data=(x[1300:1500], y[1300:1500]))
    print(model.evaluate(x[1500:], y[1500:]))

if __name__ == "__main__":
    main()
