// The global scope of an audio worklet, which TypeScript's DOM library does not describe.

declare const sampleRate: number;
declare function registerProcessor(name: string, processor: new (options: any) => AudioWorkletProcessor): void;

declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
