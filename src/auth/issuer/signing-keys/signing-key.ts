import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

/** The algorithms that tokens may be signed with. */
export type SigningAlg = 'RS256' | 'ES256' | 'EdDSA';

/** A key pair that signs tokens from an instant on, and verifies them before and after it. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: SigningAlg;
  readonly publicJwk: JWK;
  /** Never leaves the process in plain. */
  readonly privateJwk: JWK;
  readonly createdAt: Date;
  /** Published before it signs, so that every verifier has it by then. */
  readonly signsFrom: Date;
  /** How long it is published after its turn, by what replicas that sign with it have asked for. */
  readonly keepSeconds?: number;
}

/** Makes a new key pair. `kid` is its RFC 7638 thumbprint. */
export async function generateSigningKey(
  alg: SigningAlg,
  createdAt: Date,
  signsFrom: Date,
): Promise<SigningKey> {
  const pair = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 });
  const bare = await exportJWK(pair.publicKey);
  const kid = await calculateJwkThumbprint(bare);
  const marks = { kid, alg, use: 'sig' };
  return {
    kid,
    alg,
    publicJwk: { ...bare, ...marks },
    privateJwk: { ...(await exportJWK(pair.privateKey)), ...marks },
    createdAt,
    signsFrom,
  };
}
