#!/usr/bin/env python3
"""make.py FOLDER: the cases of test_onnx_ml.c, answered by ONNX Runtime.

Each file is a model with two kinds of initializers that no node reads: "input:<name>" and
"expected:<name>". Models come from scikit-learn through skl2onnx, or are one node. Made with
onnxruntime 1.32.0, skl2onnx 1.20.0, onnx 1.23.2 and the scikit-learn of tests/peers/requirements.txt.
"""

import sys

import numpy as np
import onnxruntime
from onnx import TensorProto as T
from onnx import helper, numpy_helper
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.ensemble import (GradientBoostingClassifier, GradientBoostingRegressor,
                              RandomForestClassifier, RandomForestRegressor)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, Normalizer, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from skl2onnx import to_onnx

FOLDER = sys.argv[1]
OPSETS = {"": 15, "ai.onnx.ml": 3}


def tensor(array, name):
    array = np.asarray(array)
    return numpy_helper.from_array(array.astype(object) if array.dtype.kind in "UO" else array, name)


def save(name, model, feeds):
    """Answers the model and stores it with inputs and answers."""
    session = onnxruntime.InferenceSession(model.SerializeToString())
    answers = session.run(None, feeds)
    for key, value in feeds.items():
        model.graph.initializer.append(tensor(value, "input:" + key))
    for output, value in zip(session.get_outputs(), answers):
        model.graph.initializer.append(tensor(value, "expected:" + output.name))
    with open(f"{FOLDER}/{name}.onnx", "wb") as stream:
        stream.write(model.SerializeToString())


def fitted(name, estimator, x, y, rows=12):
    estimator.fit(x, y)
    last = estimator[-1] if hasattr(estimator, "steps") else estimator
    options = {id(last): {"zipmap": False}} if hasattr(last, "classes_") else None
    model = to_onnx(estimator, x[:1], target_opset=OPSETS, options=options)
    save(name, model, {"X": x[::max(1, len(x) // rows)]})


def node(name, op, inputs, outputs, feeds, **attributes):
    one = helper.make_node(op, [i[0] for i in inputs], [o[0] for o in outputs],
                           domain="ai.onnx.ml", **attributes)
    graph = helper.make_graph([one], "case",
                              [helper.make_tensor_value_info(*i) for i in inputs],
                              [helper.make_tensor_value_info(*o) for o in outputs])
    opsets = [helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", 2)]
    save(name, helper.make_model(graph, opset_imports=opsets, ir_version=8), feeds)


def models():
    iris, cancer = load_iris(), load_breast_cancer()
    x3, y3 = iris.data.astype(np.float32), iris.target
    x2, y2 = cancer.data[:, :6].astype(np.float32), cancer.target
    names = np.array(["setosa", "versicolor", "virginica"])[y3]
    forest = {"n_estimators": 5, "max_depth": 3, "random_state": 0}
    boosting = {"n_estimators": 5, "max_depth": 2, "random_state": 0}
    fitted("logistic_binary", make_pipeline(StandardScaler(), LogisticRegression()), x2, y2)
    fitted("logistic_multi", make_pipeline(StandardScaler(), LogisticRegression()), x3, names)
    fitted("linear_regression", make_pipeline(MinMaxScaler(), LinearRegression()), x2[:, :5],
           x2[:, 5])
    fitted("forest_binary", RandomForestClassifier(**forest), x2, y2)
    fitted("forest_multi", RandomForestClassifier(**forest), x3, names)
    fitted("forest_regressor", RandomForestRegressor(**forest), x2[:, :5], x2[:, 5])
    fitted("boosting_binary", GradientBoostingClassifier(**boosting), x2, y2)
    fitted("boosting_multi", GradientBoostingClassifier(**boosting), x3, y3)
    fitted("boosting_regressor", GradientBoostingRegressor(**boosting), x2[:, :5], x2[:, 5])
    fitted("tree_binary", DecisionTreeClassifier(max_depth=3, random_state=0), x2, y2)
    gaps = x2.copy()
    gaps[::7, 1] = np.nan
    gaps[::5, 3] = np.nan
    fitted("impute_normalize", make_pipeline(SimpleImputer(), Normalizer("l1"),
                                             LogisticRegression()), gaps, y2)


WORDS = np.array(["red", "blue", "", "grün", "red"])
NUMBERS = np.array([[1, -2, 3], [0, 0, 0], [4, 5, -6]], np.float32)


def encoders():
    node("label_string_int", "LabelEncoder", [("X", T.STRING, ["N"])], [("Y", T.INT64, ["N"])],
         {"X": WORDS}, keys_strings=["red", "grün"], values_int64s=[4, 9], default_int64=-5)
    node("label_int_string", "LabelEncoder", [("X", T.INT64, ["N"])], [("Y", T.STRING, ["N"])],
         {"X": np.array([1, 2, 3, -1])}, keys_int64s=[1, -1], values_strings=["a", "b"],
         default_string="?")
    node("label_float_float", "LabelEncoder", [("X", T.FLOAT, ["N"])], [("Y", T.FLOAT, ["N"])],
         {"X": np.array([1, 2.5, -0.0, 7], np.float32)}, keys_floats=[2.5, 0.0],
         values_floats=[1.25, 3.5], default_float=-1.0)
    node("label_string_float", "LabelEncoder", [("X", T.STRING, ["N", 1])],
         [("Y", T.FLOAT, ["N", 1])], {"X": WORDS.reshape(-1, 1)}, keys_strings=["red", "blue"],
         values_floats=[1.25, 3.5])
    node("onehot_strings", "OneHotEncoder", [("X", T.STRING, ["N", 1])], [("Y", T.FLOAT, None)],
         {"X": WORDS.reshape(-1, 1)}, cats_strings=["blue", "red"], zeros=1)
    node("onehot_ints", "OneHotEncoder", [("X", T.INT64, ["N"])], [("Y", T.FLOAT, None)],
         {"X": np.array([3, 1, 8])}, cats_int64s=[1, 2, 3], zeros=1)
    node("extractor", "ArrayFeatureExtractor", [("X", T.FLOAT, ["N", 3]), ("Y", T.INT64, [2])],
         [("Z", T.FLOAT, None)], {"X": NUMBERS, "Y": np.array([2, 0])})
    node("extractor_vector", "ArrayFeatureExtractor", [("X", T.STRING, ["N"]), ("Y", T.INT64, [2])],
         [("Z", T.STRING, None)], {"X": WORDS, "Y": np.array([3, 0])})


def scalers():
    row = [("X", T.FLOAT, ["N", 3])], [("Y", T.FLOAT, ["N", 3])]
    for norm in ("MAX", "L1", "L2"):
        node("normalizer_" + norm.lower(), "Normalizer", *row, {"X": NUMBERS}, norm=norm)
    node("binarizer", "Binarizer", *row, {"X": NUMBERS}, threshold=1.5)
    node("scaler_double", "Scaler", [("X", T.DOUBLE, ["N", 3])], row[1],
         {"X": NUMBERS.astype(np.float64) / 3}, offset=[1., 2., 3.], scale=[.5, .1, 3.])
    node("scaler_one_int", "Scaler", [("X", T.INT64, ["N", 3])], row[1],
         {"X": NUMBERS.astype(np.int64)}, offset=[1.], scale=[.3])
    node("imputer_int", "Imputer", [("X", T.INT64, ["N", 3])], [("Y", T.INT64, ["N", 3])],
         {"X": NUMBERS.astype(np.int64)}, imputed_value_int64s=[7, 8, 9], replaced_value_int64=0)
    node("vectorizer", "FeatureVectorizer", [("X", T.FLOAT, ["N", 3]), ("Y", T.FLOAT, ["N", 1])],
         [("Z", T.FLOAT, None)], {"X": NUMBERS, "Y": NUMBERS[:, :1]}, inputdimensions=[3, 1])


def linear():
    for post in ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"):
        node("linear_one_" + post.lower(), "LinearClassifier", [("X", T.FLOAT, ["N", 3])],
             [("Y", T.STRING, ["N"]), ("Z", T.FLOAT, None)], {"X": NUMBERS},
             coefficients=[.5, -.25, .1], intercepts=[.3], classlabels_strings=["no", "yes"],
             post_transform=post)
        node("linear_three_" + post.lower(), "LinearClassifier", [("X", T.FLOAT, ["N", 3])],
             [("Y", T.INT64, ["N"]), ("Z", T.FLOAT, None)], {"X": NUMBERS},
             coefficients=[.5, -.25, .1, 1., 0., 0., 0., 0., -1.], intercepts=[.3, 0., 0.],
             classlabels_ints=[3, 4, 5], post_transform=post)


def trees(name, op, modes, post="NONE", aggregate=None, ids=None, weights=None, base=None):
    """Small trees of five nodes, one for each mode, with missing values among the rows."""
    fields = ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids",
              "missing_value_tracks_true")
    attributes = {"nodes_" + field: [] for field in fields}
    leaves = []
    for tree, mode in enumerate(modes):
        nodes = [(tree % 3, 0.0 if tree % 2 else 1.0, mode, 1, 2, tree % 2),
                 (0, 0., "LEAF", 0, 0, 0), (1, -2.0, mode, 3, 4, 1), (0, 0., "LEAF", 0, 0, 0),
                 (0, 0., "LEAF", 0, 0, 0)]
        for number, (feature, value, kind, yes, no, missing) in enumerate(nodes):
            row = (tree, number, feature, value, kind, yes, no, missing)
            for field, item in zip(fields, row):
                attributes["nodes_" + field].append(item)
            if kind == "LEAF":
                leaves.append((tree, number))
    x = np.array([[1, -2, 3], [0, 0, 0], [4, 5, -6], [np.nan, -2, 1], [1, np.nan, np.nan]],
                 np.float32)
    weights = weights or [round(((i * 37) % 11 - 4) * 0.3, 3) for i in range(len(leaves))]
    ids = [i % 2 for i in range(len(leaves))] if ids is None else ids
    ids = [ids] * len(leaves) if isinstance(ids, int) else ids
    classifier = op.endswith("Classifier")
    prefix = "class_" if classifier else "target_"
    attributes.update({prefix + "treeids": [t for t, _ in leaves],
                       prefix + "nodeids": [n for _, n in leaves], prefix + "ids": ids,
                       prefix + "weights": [float(w) for w in weights[:len(leaves)]],
                       "post_transform": post})
    if base:
        attributes["base_values"] = base
    outputs = [("Y", T.FLOAT, None)]
    if classifier:
        attributes["classlabels_strings"] = ["no", "yes"] if max(ids) < 2 else ["a", "b", "c"]
        outputs = [("Y", T.STRING, ["N"]), ("Z", T.FLOAT, None)]
    else:
        attributes.update({"n_targets": 2, "aggregate_function": aggregate})
    node(name, op, [("X", T.FLOAT, ["N", 3])], outputs, {"X": x}, **attributes)


def ensembles():
    regressor, classifier = "TreeEnsembleRegressor", "TreeEnsembleClassifier"
    plain = ["BRANCH_LEQ"] * 3
    for aggregate in ("SUM", "AVERAGE", "MIN", "MAX"):
        trees("trees_" + aggregate.lower(), regressor, plain, aggregate=aggregate, base=[.25, -.5])
    for mode in ("LEQ", "LT", "GTE", "GT", "EQ", "NEQ"):
        trees("trees_" + mode.lower(), regressor, ["BRANCH_" + mode] * 3, aggregate="SUM")
    for post in ("NONE", "LOGISTIC", "SOFTMAX"):
        name = post.lower()
        for single in (0, 1):
            trees(f"trees_single{single}_{name}", classifier, plain, post, ids=single)
            trees(f"trees_single{single}_positive_{name}", classifier, plain, post, ids=single,
                  weights=[.1, .2, .05] * 3)
        trees("trees_single0_base_" + name, classifier, plain, post, ids=0, base=[.5])
        trees("trees_three_" + name, classifier, plain, post, ids=[0, 1, 2] * 3, base=[.1, .2, .3])


models()
encoders()
scalers()
linear()
ensembles()
