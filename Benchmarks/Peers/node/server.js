// The server on Node: one process, one thread, the net module.
//
//     server.js --port P --mode echo|sink|source|frames [--api net]
'use strict';

const net = require('node:net');

const HOST = '127.0.0.1';
const BACKLOG = 1024;
const HEADER = 4;
const LONGEST = 64 << 20;

function echo(socket) {
    socket.on('data', (data) => {
        // A client that sends without reading must not fill our memory.
        if (!socket.write(data)) socket.pause();
    });
    socket.on('drain', () => socket.resume());
}

function sink(socket) {
    socket.on('data', () => {});
}

const CHUNK = Buffer.alloc(65536, 0x55);

function source(socket) {
    const send = () => {
        while (!socket.destroyed && socket.write(CHUNK));
    };
    socket.on('drain', send);
    socket.resume();
    send();
}

// Each payload in one buffer: a part of what was received if it came whole, else put together in
// memory that is used again.
function frames(socket) {
    const header = Buffer.alloc(HEADER);
    let headerFilled = 0;
    let own = Buffer.alloc(0);
    let length = 0;
    let filled = 0;

    function answer() {
        headerFilled = 0;
        return socket.write(Buffer.from(header));
    }

    socket.on('data', (data) => {
        let start = 0;
        let takesMore = true;
        while (start < data.length) {
            if (headerFilled < HEADER) {
                const count = data.copy(header, headerFilled, start);
                start += count;
                headerFilled += count;
                if (headerFilled < HEADER) break;
                length = header.readUInt32BE();
                if (length > LONGEST) return socket.destroy();
                filled = 0;
                if (length <= data.length - start) {
                    // The payload: data.subarray(start, start + length).
                    start += length;
                    takesMore = answer();
                    continue;
                }
                if (own.length < length) own = Buffer.allocUnsafeSlow(length);
            }
            const count = data.copy(own, filled, start, start + length - filled);
            start += count;
            filled += count;
            // The payload: own.subarray(0, length).
            if (filled === length) takesMore = answer();
        }
        if (!takesMore) socket.pause();
    });
    socket.on('drain', () => socket.resume());
}

const MODES = { echo, sink, source, frames };

function reject(message) {
    process.stderr.write(`server.js: ${message}\n`);
    process.exit(2);
}

function parseArguments(words) {
    const options = { '--port': undefined, '--mode': undefined, '--api': 'net' };
    for (let index = 0; index < words.length; index += 2) {
        if (!(words[index] in options)) reject(`unknown option: ${words[index]}`);
        options[words[index]] = words[index + 1];
    }
    const port = Number(options['--port']);
    if (!Number.isInteger(port) || port < 0 || port > 65535) reject('bad port');
    const mode = MODES[options['--mode']];
    if (mode === undefined) reject('unknown mode');
    if (options['--api'] !== 'net') reject('unknown API');
    return { port, mode };
}

const { port, mode } = parseArguments(process.argv.slice(2));
const sockets = new Set();

// allowHalfOpen is false: when the client has ended, the socket is closed after what is queued.
const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A client that is gone is nothing to report.
    socket.on('error', () => {});
    mode(socket);
});

function end() {
    server.close();
    for (const socket of sockets) socket.destroy();
}

process.on('SIGINT', end);
process.on('SIGTERM', end);
server.on('error', (error) => {
    process.stderr.write(`server.js: ${error.message}\n`);
    process.exit(1);
});
server.listen({ port, host: HOST, backlog: BACKLOG }, () => {
    process.stdout.write(`listening on ${server.address().port}\n`);
});
