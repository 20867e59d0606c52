from tensorflow.keras.applications.resnet50 import ResNet50

net = ResNet50(weights=None, classes=12, input_shape=(64, 64, 3))
net.compile(optimizer="sgd", loss="categorical_crossentropy")
net.fit(tiles, kinds, epochs=2)
