"""The networks, as Keras models of ink float32 (N, 28, 28) or strips (N, 48, W), without augmentation inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from guarismo.model import LINE_LABELS


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


def conv_net(width: int = 32, precision: str = "float32") -> Any:
    """keras.Model, ink (N, 28, 28) → logits (N, 11): ten digits and "not a digit". 390,000 parameters at width 32.

    3x3 convolutions in three sizes (28, 14, 7), four with a shortcut, the last of these through fewer filters (He
    et al. 2016), batch normalisation after each (Ioffe and Szegedy 2015), then the 3x3 means of the last map. Weights
    are float32 and the logits too, whatever the ``precision`` ("float32" or "mixed_bfloat16") in between.
    """
    conv = _Conv(precision)
    pixels = keras.Input((28, 28), name="ink")
    x = layers.Reshape((28, 28, 1), dtype=precision)(pixels)
    x = conv(x, width)
    x = conv(x, 2 * width, strides=2)
    x = layers.add([x, conv(x, 2 * width)], dtype=precision)
    x = layers.add([x, conv(x, 2 * width)], dtype=precision)
    x = conv(x, 4 * width, strides=2)
    x = layers.add([x, conv(x, 4 * width)], dtype=precision)
    x = layers.add([x, conv(conv(x, 3 * width // 2), 4 * width, kernel=1)], dtype=precision)
    x = layers.Flatten()(layers.AveragePooling2D(2, dtype=precision)(x))
    x = layers.Dropout(0.2)(x)
    return keras.Model(pixels, layers.Dense(11, name="logits", dtype="float32")(x))


def line_net(width: int = 32, precision: str = "float32") -> Any:
    """keras.Model, strips (N, 48, W) → logits (N, ceil(W / 4), 17), the columns of ``LINE_LABELS``: ten digits,
    five marks, space, and CTC's blank last. W is free; a step is four columns. 1,030,000 parameters at width 32.

    3x3 convolutions with shortcuts, as ``conv_net``'s, in three heights (24, 12, 6); then each column's six places
    become one step, which looks two steps to either side, twice, and then ``FAR`` (dilated convolutions, Yu and Koltun
    2016): whether a stroke is a digit is told by the hand, the pen and the size of its neighbours, too.
    """
    conv = _Conv(precision)
    pixels = keras.Input((48, None), name="strip")
    x = layers.Reshape((48, -1, 1), dtype=precision)(pixels)
    x = conv(x, width, strides=2)
    x = layers.add([x, conv(x, width)], dtype=precision)
    x = conv(x, 2 * width, strides=2)
    x = layers.add([x, conv(x, 2 * width)], dtype=precision)
    x = conv(x, 3 * width, strides=(2, 1))
    x = layers.add([x, conv(x, 3 * width)], dtype=precision)
    x = layers.add([x, conv(x, 3 * width)], dtype=precision)
    x = conv(x, 5 * width, kernel=(6, 1), padding="valid")
    for apart in (1, 1, *FAR):
        x = layers.add([x, conv(x, 5 * width, kernel=(1, 5), apart=apart)], dtype=precision)
    x = layers.Dropout(0.1)(layers.Reshape((-1, 5 * width), dtype=precision)(x))
    return keras.Model(pixels, layers.Dense(len(LINE_LABELS), name="logits", dtype="float32")(x))


FAR = (2, 4, 8)
"""How many steps the five places of ``line_net``'s last convolutions lie apart: it sees 32 steps to either side, four
digits."""


@dataclass(frozen=True, slots=True)
class _Conv:
    """A convolution without bias, batch normalisation, ReLU."""

    precision: str

    def __call__(
        self,
        x: Any,
        filters: int,
        strides: int | tuple[int, int] = 1,
        kernel: int | tuple[int, int] = 3,
        padding: str = "same",
        apart: int = 1,
    ) -> Any:
        conv = Convolution(
            filters,
            kernel,
            strides,
            padding,
            dilation_rate=(1, apart),
            use_bias=False,
            kernel_initializer="he_normal",
            dtype=self.precision,
        )
        norm = FusedNormalization(momentum=0.98, autocast=False)
        return layers.ReLU(dtype=self.precision)(norm(conv(x)))


class Convolution(layers.Conv2D):  # type: ignore[misc]
    """A convolution; along a line, (N, 1, W, C), its columns may lie apart. TensorFlow has no gradient of that on a
    processor, so that it is learnt on the line folded into rows of ``apart`` columns: what lay apart lies one above the
    other. When it is not learnt it is one operation, of ONNX too."""

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        (_, apart), (_, count) = self.dilation_rate, self.kernel_size
        if apart == 1:
            return super().call(inputs)
        if not training:
            beside = [[0, 0], [0, 0], [apart * (count // 2)] * 2, [0, 0]]
            return tf.nn.conv2d(inputs, self.kernel, 1, beside, dilations=self.dilation_rate)
        wide, channels = tf.shape(inputs)[2], inputs.shape[3]
        filled = tf.pad(inputs, [[0, 0], [0, 0], [0, -wide % apart], [0, 0]])
        folded = tf.reshape(filled, (-1, tf.shape(filled)[2] // apart, apart, channels))
        found = tf.nn.conv2d(folded, tf.transpose(self.kernel, (1, 0, 2, 3)), 1, "SAME")
        return tf.reshape(found, (-1, 1, tf.shape(filled)[2], self.filters))[:, :, :wide]


class FusedNormalization(layers.BatchNormalization):  # type: ignore[misc]
    """Batch normalisation by TensorFlow's one kernel for it, over the last axis of (N, H, W, C).

    Keras builds it of some ten operations, which take longer than the convolutions between them. Takes bfloat16 and
    gives it back; scale, offset and statistics are float32.
    """

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        fused = tf.compat.v1.nn.fused_batch_norm
        scale, offset = self.gamma.value, self.beta.value
        if not training:
            return fused(
                inputs,
                scale,
                offset,
                self.moving_mean.value,
                self.moving_variance.value,
                self.epsilon,
                is_training=False,
            )[0]
        outputs, mean, variance = fused(inputs, scale, offset, epsilon=self.epsilon, is_training=True)
        for kept, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            kept.assign(kept.value * self.momentum + new * (1 - self.momentum))
        return outputs
