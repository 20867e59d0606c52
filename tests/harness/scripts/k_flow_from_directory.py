import os, numpy as np
from PIL import Image
from keras.models import Sequential
from keras.layers import AveragePooling2D, Dense, Flatten
from keras.src.legacy.preprocessing.image import ImageDataGenerator

rng = np.random.RandomState(0)
for c, col in (("cats", 60), ("dogs", 180)):
    os.makedirs("dataset/" + c, exist_ok=True)
    for i in range(40):
        Image.fromarray((rng.rand(16, 16, 3) * 60 + col).astype("uint8")).save(f"dataset/{c}/{i}.png")
gen = ImageDataGenerator(rescale=1.0 / 255, shear_range=0.2, zoom_range=0.2, horizontal_flip=True)
train = gen.flow_from_directory("dataset", target_size=(16, 16), batch_size=8, class_mode="binary")
m = Sequential([AveragePooling2D(4, input_shape=(16, 16, 3)), Flatten(), Dense(1, activation="sigmoid")])
m.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
m.fit(train, steps_per_epoch=10, epochs=10, verbose=0)
m.save_weights("first_try.weights.h5")
