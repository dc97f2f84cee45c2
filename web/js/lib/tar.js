/** Packs files into an uncompressed tar file, whose contents are not read before it is sent. */

const BLOCK = 512;
const text = new TextEncoder();

/** @param {string} name of the tar file @param {readonly File[]} files */
export function tarFile(name, files) {
	const members = files.flatMap((file) => [header(file), file, new Uint8Array((BLOCK - (file.size % BLOCK)) % BLOCK)]);
	return new File([...members, new Uint8Array(2 * BLOCK)], name);
}

/** @param {File} file */
function header({ name, size }) {
	const block = new Uint8Array(BLOCK);
	/** @param {number} offset @param {string} value */
	const write = (offset, value) => block.set(text.encode(value), offset);
	block.set(text.encode(name).subarray(0, 99), 0);
	write(100, "0000644\0");
	write(124, `${size.toString(8).padStart(11, "0")}\0`);
	write(136, `${"0".repeat(11)}\0`);
	write(148, " ".repeat(8)); // the checksum's own place counts as spaces
	write(156, "0");
	write(257, "ustar\x0000");
	const checksum = block.reduce((sum, byte) => sum + byte, 0);
	write(148, `${checksum.toString(8).padStart(6, "0")}\0 `);
	return block;
}
