"""Names that Keras 3 removed, that only Keras 3 has, and that only TensorFlow 1 had.

Source: the exported names of the keras 2.12.0 and 3.10.0 wheels compared, plus modules that were importable
in Keras 1 and 2 without being exported (`keras.layers.convolutional`, `keras.utils.np_utils`).
"""

from __future__ import annotations

from functools import lru_cache

from trainyard.detect.knowledge.names import canonical, last
from trainyard.detect.knowledge.words import words

_MODULES = tuple(
    words(
        """
    keras.utils.np_utils keras.utils.vis_utils keras.utils.generic_utils keras.utils.training_utils
    keras.utils.data_utils keras.utils.io_utils keras.utils.layer_utils keras.utils.conv_utils
    keras.utils.visualize_util keras.utils.multi_gpu_utils keras.utils.test_utils keras.utils.tf_utils
    keras.layers.convolutional keras.layers.core keras.layers.pooling keras.layers.normalization
    keras.layers.recurrent keras.layers.embeddings keras.layers.advanced_activations keras.layers.merge
    keras.layers.wrappers keras.layers.noise keras.layers.local keras.layers.cudnn_recurrent
    keras.layers.convolutional_recurrent keras.layers.experimental keras.wrappers.scikit_learn
    keras.preprocessing.text keras.engine keras.legacy.interfaces keras.backend.tensorflow_backend
    keras.objectives keras.regularizers.WeightRegularizer keras.callbacks.callbacks keras.optimizers.legacy
    keras.optimizers.experimental keras.experimental keras.estimator keras.models.experimental
    keras.optimizer_v1 keras.optimizer_v2 keras.engine.topology keras.applications.regnet
    keras.applications.resnet_rs keras.layers.core.core keras.saving.save keras.saving.hdf5_format
    keras.preprocessing.image_legacy
    """
    )
)
_NAMES = words(
    """
    keras.preprocessing.image.ImageDataGenerator keras.preprocessing.image.DirectoryIterator
    keras.preprocessing.image.Iterator keras.preprocessing.image.NumpyArrayIterator
    keras.preprocessing.image.random_rotation keras.preprocessing.image.random_shift
    keras.preprocessing.image.random_zoom keras.preprocessing.image.random_shear
    keras.preprocessing.image.apply_affine_transform keras.preprocessing.image.random_brightness
    keras.preprocessing.image.apply_transform keras.preprocessing.sequence.TimeseriesGenerator
    keras.preprocessing.sequence.skipgrams keras.preprocessing.sequence.make_sampling_table
    keras.preprocessing.text keras.layers.CuDNNLSTM keras.layers.CuDNNGRU keras.layers.LocallyConnected1D
    keras.layers.LocallyConnected2D keras.layers.ThresholdedReLU keras.layers.DenseFeatures
    keras.layers.RandomHeight keras.layers.RandomWidth keras.layers.Merge keras.layers.Convolution1D_
    keras.layers.Deconvolution2D keras.layers.AtrousConvolution2D keras.layers.MaxoutDense
    keras.layers.TimeDistributedDense keras.layers.Highway keras.layers.merge keras.models.Graph
    keras.models.model_from_config keras.models.model_from_yaml keras.models.LinearModel
    keras.models.WideDeepModel keras.utils.multi_gpu_model keras.utils.GeneratorEnqueuer
    keras.utils.OrderedEnqueuer keras.utils.SequenceEnqueuer keras.utils.print_summary keras.utils.np_utils
    keras.utils.HDF5Matrix keras.utils.CustomObjectScope_ keras.callbacks.BaseLogger keras.losses.Reduction
    keras.initializers.normal keras.initializers.uniform_ keras.backend.set_session
    keras.backend.get_session keras.backend.learning_phase keras.backend.set_learning_phase
    keras.backend.tensorflow_backend keras.backend.set_image_dim_ordering keras.backend.image_dim_ordering
    keras.backend.manual_variable_initialization keras.backend.function keras.backend.gradients
    keras.backend.placeholder keras.backend.common keras.layers.experimental keras.optimizers.adam
    keras.optimizers.adam_v2 keras.optimizers.gradient_descent_v2 keras.optimizers.rmsprop_v2
    keras.metrics.cosine_proximity keras.optimizers.TFOptimizer keras.layers.AbstractRNNCell
    keras.applications.vgg16.WEIGHTS_PATH
    """
)
# What `keras.backend` still has in Keras 3; through `tensorflow.keras` the old functions stay available.
_BACKEND = words(
    """
    backend clear_session epsilon floatx get_uid image_data_format is_float_dtype is_int_dtype
    is_keras_tensor result_type set_epsilon set_floatx set_image_data_format standardize_dtype
    """
)
_PACKAGES = tuple(
    words(
        """
    keras_preprocessing tf_keras keras_contrib tensorflow.contrib.keras tensorflow.python.keras
    keras_applications keras_vggface tensorflow_addons keras_radam keras_bert keras_self_attention
    segmentation_models efficientnet.keras efficientnet.tfkeras tensorflow.estimator
    tensorflow.feature_column keras_retinanet tensorflow.experimental.feature_column
    """
    )
)
_KERAS3 = tuple(
    words(
        """
    keras.ops keras.random keras.config keras.saving.deserialize keras.distribution keras.tree keras.remat
    keras.quantizers keras.utils.PyDataset keras.layers.Pipeline keras.layers.GroupQueryAttention
    keras.optimizers.Muon keras.optimizers.Lamb keras.KerasTensor keras_hub
    """
    )
)

_TF1 = words(
    """
    Session placeholder InteractiveSession global_variables_initializer initialize_all_variables
    get_variable variable_scope ConfigProto GPUOptions reset_default_graph set_random_seed
    placeholder_with_default trainable_variables local_variables_initializer get_collection
    add_to_collection truncated_normal random_normal to_float to_int32 to_int64 get_default_graph log
    GraphKeys assign scatter_update sparse_placeholder disable_v2_behavior disable_eager_execution
    all_variables initialize_variables enable_eager_execution read_file decode_csv sub mul div name_scope_
    get_default_session tables_initializer py_func diag lin_space div_ arg_max global_variables
    initialize_local_variables merge_all_summaries scalar_summary histogram_summary depth_to_space_
    verify_tensor_all_finite
    """
)
_TF1_PREFIXES = tuple(
    words(
        """
    contrib. layers. app. flags. gfile. examples.tutorials losses. logging. estimator.inputs nn.rnn_cell.
    nn.dynamic_rnn nn.static_rnn nn.bidirectional_dynamic_rnn nn.softmax_cross_entropy_with_logits_v2
    train.AdamOptimizer train.GradientDescentOptimizer train.RMSPropOptimizer train.MomentumOptimizer
    train.AdagradOptimizer train.AdadeltaOptimizer train.FtrlOptimizer train.Saver train.exponential_decay
    train.get_global_step train.get_or_create_global_step train.import_meta_graph
    train.MonitoredTrainingSession train.Supervisor train.SummaryWriter train.string_input_producer
    train.shuffle_batch train.batch train.start_queue_runners metrics.accuracy summary.FileWriter
    summary.merge_all python_io. image.resize_images saved_model.simple_save nn.rnn models.
    truncated_normal_initializer keras.backend.set_session_ train.ProximalAdagradOptimizer
    train.create_global_step
    """
    )
)
# These look alike in TensorFlow 2.
_TF2 = ("metrics.accuracy.", "models.embedding", "losses.Loss")


@lru_cache(maxsize=8192)
def keras2_only(raw: str) -> bool:
    """Whether a library name, as written, exists only up to Keras 2."""
    if raw.startswith(_PACKAGES):
        return True
    name = canonical(raw)
    if not name.startswith("keras."):
        return False
    if name in _NAMES or name.removesuffix(".*").startswith(_MODULES):
        return True
    if name.startswith("keras.backend."):
        parts = name.split(".")
        return not raw.startswith("tensorflow.") and parts[2] not in _BACKEND and parts[2] != "*"
    return any(name.startswith(n + ".") for n in _DOTTED if n in name)


_DOTTED = tuple(n for n in _NAMES if n.count(".") >= 2)


@lru_cache(maxsize=4096)
def keras3_only(raw: str) -> bool:
    """Whether a library name, as written, exists only since Keras 3."""
    return raw.startswith(_KERAS3)


@lru_cache(maxsize=8192)
def tensorflow1_only(name: str) -> bool:
    """Whether a TensorFlow name (`tensorflow.Session`) was dropped with TensorFlow 2."""
    if not name.startswith("tensorflow."):
        return False
    rest = name[len("tensorflow.") :]
    if rest.startswith("keras.") or rest.startswith(_TF2):
        return False
    if "." not in rest:
        return rest in _TF1 or rest + "." in _TF1_PREFIXES
    head = rest.partition(".")[0]
    if head == "losses":
        return last(rest).islower()
    return rest.startswith(_TF1_PREFIXES) or head in ("Session", "InteractiveSession")
