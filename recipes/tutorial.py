"""Read handwritten digits with three Dense layers, in six steps. Needs numpy and keras with a backend.

python recipes/tutorial.py [SEED]        Ctrl-C stops; nothing is written.

Test accuracy 97.99 % on average over seeds 1 to 5, standard deviation 0.12 points; 250 s a seed on one core
of an Intel Xeon without GPU (Python 3.11.7, Keras 3.15.1, TensorFlow 2.21.0).
"""

import gzip
import os
import sys
from pathlib import Path

import keras
import numpy as np

FLOOR = 0.972  # a test accuracy below this means that something is broken

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
keras.utils.set_random_seed(seed)


def idx(name: str, header: int) -> np.ndarray:
    """One of MNIST's four files: a short header, then one byte a value."""
    packed = Path(os.environ["GUARISMO_DATA"], "mnist", name).read_bytes()
    return np.frombuffer(gzip.decompress(packed), np.uint8, offset=header)


# 1. Load MNIST: 60,000 pictures to learn from, 10,000 to be examined on.
if os.environ.get("GUARISMO_DATA"):
    x_train = idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
    y_train = idx("train-labels-idx1-ubyte.gz", 8)
    x_test = idx("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
    y_test = idx("t10k-labels-idx1-ubyte.gz", 8)
else:
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()

# 2. Divide by 255: grey levels 0 ... 255 become numbers 0 ... 1.
x_train, x_test = x_train.astype("float32") / 255, x_test.astype("float32") / 255

# 3. The network: 784 numbers in, ten probabilities out.
model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
for _ in range(3):
    model.add(keras.layers.Dense(128, activation="relu"))
model.add(keras.layers.Dense(10, activation="softmax"))

# 4. Compile: how to learn, what to make small, what to report.
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])

# 5. Train: 50 times over all pictures, 32 at a time.
model.fit(x_train, y_train, epochs=50, batch_size=32, verbose=2)

# 6. Evaluate on pictures that it has never seen.
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"seed {seed}: test loss {loss:.4f}, test accuracy {accuracy:.2%}")
sys.exit(accuracy < FLOOR)
