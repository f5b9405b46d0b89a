"""The networks, as Keras models. Each takes ink float32 (N, 28, 28) and has no augmentation inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers


@dataclass(frozen=True, slots=True)
class DenseShape:
    """The tutorial's network: ``layers`` hidden Dense layers of ``units`` with ReLU, then ten with softmax."""

    units: int = 128
    layers: int = 3
    dropout: float = 0.0


def dense_net(shape: DenseShape = DenseShape()) -> Any:
    """keras.Sequential, (N, 28, 28) → probabilities (N, 10). The default has 134,794 parameters."""
    stack: list[Any] = [keras.Input((28, 28)), layers.Flatten()]
    for _ in range(shape.layers):
        stack.append(layers.Dense(shape.units, activation="relu"))
        if shape.dropout:
            stack.append(layers.Dropout(shape.dropout))
    stack.append(layers.Dense(10, activation="softmax"))
    return keras.Sequential(stack)


def conv_net(width: int = 24) -> Any:
    """keras.Model, ink (N, 28, 28) → logits (N, 11): ten digits and "not a digit". 168,000 parameters at width 24.

    Five 3x3 convolutions in three sizes (28, 14, 7), two with a shortcut (He et al. 2016), batch
    normalisation after each (Ioffe and Szegedy 2015), then the 3x3 means of the last map.
    """
    pixels = keras.Input((28, 28), name="ink")
    x = layers.Reshape((28, 28, 1))(pixels)
    x = _conv(x, width)
    x = _conv(x, 2 * width, strides=2)
    x = layers.add([x, _conv(x, 2 * width)])
    x = _conv(x, 4 * width, strides=2)
    x = layers.add([x, _conv(x, 4 * width)])
    x = layers.Flatten()(layers.AveragePooling2D(2)(x))
    x = layers.Dropout(0.2)(x)
    return keras.Model(pixels, layers.Dense(11, name="logits")(x))


def _conv(x: Any, filters: int, strides: int = 1) -> Any:
    x = layers.Conv2D(filters, 3, strides, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))
