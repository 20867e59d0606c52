import tensorflow as tf

base = tf.keras.applications.MobileNetV2(include_top=False, weights="imagenet", pooling="avg")
base.trainable = False
head = tf.keras.layers.Dense(37, activation="softmax")(base.output)
pets = tf.keras.Model(base.input, head)
pets.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
photos = tf.keras.utils.image_dataset_from_directory("photos", image_size=(224, 224))
pets.fit(photos, epochs=3)
