/** Passes the microphone's samples on as mono, 16 kHz, 16 bit: in an audio worklet, where nothing delays them. */

const RATE = 16_000;
const CHUNK_SAMPLES = 4000; // a quarter of a second

class RecordingProcessor extends AudioWorkletProcessor {
	#chunk = new Int16Array(CHUNK_SAMPLES);
	#length = 0;
	/** Of the samples since the last one that was passed on; the mean of them is the next one. */
	#sum = 0;
	#count = 0;
	#position = 0;

	process([[channel]]) {
		for (const sample of channel ?? []) {
			this.#sum += sample;
			this.#count += 1;
			this.#position += RATE / sampleRate;
			if (this.#position < 1) continue;
			this.#position -= 1;
			this.#add(this.#sum / this.#count);
			this.#sum = this.#count = 0;
		}
		return true;
	}

	#add(sample) {
		this.#chunk[this.#length] = Math.max(-1, Math.min(sample, 1)) * 32_767;
		this.#length += 1;
		if (this.#length < CHUNK_SAMPLES) return;
		this.port.postMessage(this.#chunk.slice());
		this.#length = 0;
	}
}

registerProcessor("recording", RecordingProcessor);
