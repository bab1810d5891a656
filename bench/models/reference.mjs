// What TensorFlow.js makes of published models: for each, two random inputs and its outputs at them, as .npy files with a case.json that says what is what.
//   node reference.mjs <folder with node_modules> <folder to write to> [part of a model's name]
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const [home, target] = process.argv.slice(2, 4).map(p => path.resolve(p)), only = process.argv[4];
const require = createRequire(path.join(home, 'x.js'));
console.warn = () => {};
const tf = require('@tensorflow/tfjs');
const { setWasmPaths } = require('@tensorflow/tfjs-backend-wasm');
setWasmPaths(path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + '/');
const settings = JSON.parse(fs.readFileSync(path.join(path.dirname(fileURLToPath(import.meta.url)), 'settings.json')));
const bare = name => name.replace(/:0$/, '');
const examples = 2, freeSize = 64;

// Every TensorFlow.js model below node_modules; nsfwjs keeps its own as scripts that hold the JSON, and the shards in base64.
function* models(folder) {
    for (const entry of fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => a.name < b.name ? -1 : 1)) {
        const full = path.join(folder, entry.name);
        if (entry.isDirectory()) {
            yield* models(full);
        } else if (entry.name === 'model.min.js') {
            const out = path.join(target, 'unpacked', path.basename(folder)), json = require(full);
            fs.mkdirSync(out, { recursive: true });
            fs.writeFileSync(path.join(out, 'model.json'), JSON.stringify(json));
            json.weightsManifest.flatMap(g => g.paths).forEach(p => fs.writeFileSync(path.join(out, p), Buffer.from(require(path.join(folder, `${p}.min.js`)), 'base64')));
            yield { path: path.join(out, 'model.json'), folder };
        } else if (entry.name.endsWith('.json') && fs.statSync(full).size > 2000 && /"modelTopology"/.test(fs.readFileSync(full, 'utf8'))) {
            yield { path: full, folder };
        }
    }
}

// package/model, without the folders between.
function nameOf({ path: file, folder }) {
    const parts = folder.split('node_modules/').pop().split('/'), scoped = parts[0][0] === '@' ? 2 : 1;
    const rest = parts.slice(scoped).filter(p => !['models', 'model', 'dist'].includes(p)), stem = path.basename(file, '.json');
    return [parts[scoped - 1], ...rest, ...(stem === 'model' ? [] : [stem])].join('/');
}

function writeNpy(file, tensor) {
    const [kind, data] = tensor.dtype === 'int32' ? ['<i4', tensor.dataSync()] : tensor.dtype === 'bool' ? ['|b1', tensor.dataSync()] : ['<f4', tensor.dataSync()];
    let header = `{'descr': '${kind}', 'fortran_order': False, 'shape': (${tensor.shape.join(', ')}${tensor.shape.length === 1 ? ',' : ''}), }`;
    header += ' '.repeat(63 - (10 + header.length) % 64) + '\n';
    const length = Buffer.alloc(2);
    length.writeUInt16LE(header.length);
    fs.writeFileSync(file, Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, Buffer.from(header), Buffer.from(data.buffer, data.byteOffset, data.byteLength)]));
}

function random(shape, dtype, seed) {
    const count = shape.reduce((n, d) => n * d, 1), whole = dtype === 'int32';
    const values = (whole ? Int32Array : Float32Array).from({ length: count }, () => { seed = (seed * 48271) % 2147483647; return whole ? Math.floor(256 * seed / 2147483647) : seed / 2147483647; });
    return tf.tensor(values, shape, whole ? 'int32' : 'float32');
}

async function run(model, inputs, wanted) {
    const one = {};
    const parts = [];
    // One example at a time: many models take no more.
    for (let i = 0; i < examples; i++) {
        for (const [name, value] of Object.entries(inputs)) { one[name] = value.rank === 0 || value.shape[0] !== examples ? value : value.slice([i], [1]); }
        const y = model.executeAsync ? await model.executeAsync(one, wanted) : model.predict(Object.values(one)[0]);
        parts.push(Array.isArray(y) ? y : [y]);
    }
    return parts[0].map((first, o) => first.rank > 0 && first.shape[0] === 1 ? tf.concat(parts.map(p => p[o]), 0) : first);
}

for (const found of settings.packages.flatMap(p => [...models(path.join(home, 'node_modules', p))])) {
    const name = nameOf(found), folder = path.join(target, name.replaceAll('/', '.'));
    if ((only && !name.includes(only)) || fs.existsSync(path.join(folder, 'case.json')) || settings.models[name]?.skip) {
        continue;
    }
    const json = JSON.parse(fs.readFileSync(found.path)), own = settings.models[name] ?? {}, nodes = json.modelTopology.node, started = Date.now();
    const weights = Buffer.concat(json.weightsManifest.flatMap(g => g.paths).map(p => fs.readFileSync(path.join(path.dirname(found.path), p))));
    const handler = { load: async () => ({ ...json, weightSpecs: json.weightsManifest.flatMap(g => g.weights), weightData: new Uint8Array(weights).buffer, userDefinedMetadata: json.userDefinedMetadata }) };
    fs.mkdirSync(folder, { recursive: true });
    let failure;
    for (const backend of ['wasm', 'cpu']) {
        try {
            await tf.setBackend(backend);
            const model = nodes ? await tf.loadGraphModel(handler) : await tf.loadLayersModel(handler);
            const inputs = {}, ours = [], feed = own.feed ?? {};
            model.inputs.forEach((input, i) => {
                const given = own.inputs?.[bare(input.name)], key = nodes ? bare(input.name) : model.inputNames[i];
                const shape = given?.shape ?? (input.shape ?? []).map((d, a) => d == null || d < 0 || a === 0 ? (a === 0 ? examples : own.size ?? freeSize) : d);
                inputs[input.name] = given?.value !== undefined ? tf.scalar(given.value) : random(shape, input.dtype, 17 + i);
                if (feed[key] !== null) {
                    writeNpy(path.join(folder, `x${ours.length}.npy`), inputs[input.name]);
                    ours.push(feed[key] ?? key);
                }
            });
            const signature = (json.signature ?? json.userDefinedMetadata?.signature)?.outputs;
            const wanted = own.outputs ?? (nodes ? signature ? Object.entries(signature).map(([key, info]) => info.name ?? key) : model.outputNodes : model.outputNames);
            const outputs = await run(model, inputs, wanted);
            outputs.forEach((y, i) => writeNpy(path.join(folder, `y${i}.npy`), y));
            const names = own.outputs ?? (nodes && signature ? Object.keys(signature) : wanted);
            fs.writeFileSync(path.join(folder, 'case.json'), JSON.stringify({
                name, path: path.resolve(found.path), nodes: nodes ? nodes.length : (json.modelTopology.model_config?.config ?? json.modelTopology.config).layers.length,
                ops: nodes ? new Set(nodes.map(n => n.op)).size : new Set((json.modelTopology.model_config?.config ?? json.modelTopology.config).layers.map(l => l.class_name)).size,
                isGraph: !!nodes, backend, seconds: (Date.now() - started) / 1000, inputs: ours, outputs: names.map(bare), cutInputs: Object.values(feed).filter(f => f), cut: own.outputs ?? [], note: own.note ?? '',
            }));
            console.log(`${name}: ${((Date.now() - started) / 1000).toFixed(1)} s (${backend})`);
            failure = null;
            break;
        } catch (error) {
            failure = error;
        }
    }
    if (failure) { console.log(`${name}: FAILED ${failure.stack.slice(0, 600)}`); }
}
