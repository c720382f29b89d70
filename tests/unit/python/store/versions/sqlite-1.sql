CREATE TABLE careledger_schema (
    version INTEGER NOT NULL
);

CREATE TABLE identity_nonces (
    digest BLOB NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT,
    CONSTRAINT pk_identity_nonces PRIMARY KEY (digest)
);

CREATE TABLE identity_relay_acts (
    number INTEGER NOT NULL,
    contract VARCHAR(80) NOT NULL,
    kind VARCHAR(8) NOT NULL,
    id BLOB NOT NULL,
    digest BLOB NOT NULL,
    content JSON NOT NULL,
    state VARCHAR(8) NOT NULL,
    attempts INTEGER NOT NULL,
    reason VARCHAR(500),
    "transaction" BLOB,
    added_at BIGINT NOT NULL,
    settled_at BIGINT,
    CONSTRAINT pk_identity_relay_acts PRIMARY KEY (number),
    CONSTRAINT uq_identity_relay_acts_contract_kind_id_digest UNIQUE (contract, kind, id, digest)
);

CREATE INDEX ix_identity_relay_acts_state ON identity_relay_acts (state);

CREATE TABLE identity_relay_transactions (
    hash BLOB NOT NULL,
    contract VARCHAR(80) NOT NULL,
    sender VARCHAR(42) NOT NULL,
    raw BLOB NOT NULL,
    fields JSON NOT NULL,
    block BIGINT,
    settled BOOLEAN NOT NULL,
    CONSTRAINT pk_identity_relay_transactions PRIMARY KEY (hash)
);

CREATE TABLE identity_status_indexes (
    issuer VARCHAR(42) NOT NULL,
    list BLOB NOT NULL,
    "index" BIGINT NOT NULL,
    type VARCHAR(255),
    holder_key VARCHAR(43),
    issued_at BIGINT,
    expires_at BIGINT,
    CONSTRAINT pk_identity_status_indexes PRIMARY KEY (issuer, list, "index")
);

CREATE TABLE identity_verifications (
    id VARCHAR(32) NOT NULL,
    presentation BLOB NOT NULL,
    issuer VARCHAR(255) NOT NULL,
    type VARCHAR(255) NOT NULL,
    claims JSON NOT NULL,
    checked_at BIGINT NOT NULL,
    expires_at BIGINT,
    consent BLOB,
    consents JSON,
    status JSON,
    CONSTRAINT pk_identity_verifications PRIMARY KEY (id),
    CONSTRAINT uq_identity_verifications_presentation UNIQUE (presentation)
);

CREATE INDEX ix_identity_verifications_consent ON identity_verifications (consent);

INSERT INTO careledger_schema ("version")
VALUES (1);

INSERT INTO identity_nonces ("digest", "expires_at", "spent_at")
VALUES (X'0707070707070707070707070707070707070707070707070707070707070707', 1893456000, NULL);

INSERT INTO identity_verifications ("id", "presentation", "issuer", "type", "claims", "checked_at", "expires_at", "consent", "consents", "status")
VALUES ('v1', X'0707070707070707070707070707070707070707070707070707070707070707', 'did:ethr:0x1', 'https://kyc', '[[["age"], "met"]]', 1893456000, NULL, X'0707070707070707070707070707070707070707070707070707070707070707', NULL, NULL);

INSERT INTO identity_status_indexes ("issuer", "list", "index", "type", "holder_key", "issued_at", "expires_at")
VALUES ('0xab', X'0707070707070707070707070707070707070707070707070707070707070707', 7, 'https://kyc', NULL, 1893456000, NULL);

INSERT INTO identity_relay_acts ("number", "contract", "kind", "id", "digest", "content", "state", "attempts", "reason", "transaction", "added_at", "settled_at")
VALUES (1, 'eip155:31337:0x5FbDB2315678afecb367f032d93F642f64180aa3', 'grant', X'ee1645f1c173d1a6a2f87bb1ecb5de6416a3aac770e00c9e75624f171b4e0686', X'f8c90b636320441acdf5b2456afbdb8bf7c79262fd2b33aeb0a474144ec6b203', '{"subject": "0x1563915e194D8CfBA1943570603F7606A3115508", "expiry": 1896048000, "terms": "0xf7975224c9e5a39f16f3068a2ab679e08b1fa418f9c239a56ecf29496b3d2a5a", "epoch": 0, "signed": {"signer": "0x1563915e194D8CfBA1943570603F7606A3115508", "deadline": 1893456000, "signature": "0xc941ce60361be3f28335f384723338f870942cb9e9ad201a7880ab624e5be80f2712adb4a7ac64929826ec812c70a5578b9d35318a83ce5f433a103e114760621c"}}', 'done', 0, NULL, X'ab7b95cb99f96e0d8ffa8c1bd07a277dc5c1e6beb7c8e2ad18a58880e5e821aa', 1893456000, 1893456000);

INSERT INTO identity_relay_acts ("number", "contract", "kind", "id", "digest", "content", "state", "attempts", "reason", "transaction", "added_at", "settled_at")
VALUES (2, 'eip155:31337:0x5FbDB2315678afecb367f032d93F642f64180aa3', 'grant', X'd6d9f9a8c129002616935994719b3f9502e7e358188ccaf2e2f8811423fa5eba', X'664fef2e68224da6e17a4671ec3f1e1ea873711e6ee786e96cf7fd8568e5c166', '{"subject": "0x1563915e194D8CfBA1943570603F7606A3115508", "expiry": 1896048000, "terms": "0x36fa926032f3b704185ae58e6d979bfcbed31533459a44798b478856060bceee", "epoch": 0, "signed": {"signer": "0x1563915e194D8CfBA1943570603F7606A3115508", "deadline": 1893456000, "signature": "0x09305d990c168496c1a2214983cf3f3146bc39b458dda910a81b48eedf4d99e42ddd7d02f828729d32c6ed03f65bcb010de5b63ab518f7a11094971d39be75581c"}}', 'sent', 0, NULL, X'e96babff305536d7e80ebbf81becc5cdc2241e997b1e94e560b7cbb44d86b92d', 1893456000, NULL);

INSERT INTO identity_relay_acts ("number", "contract", "kind", "id", "digest", "content", "state", "attempts", "reason", "transaction", "added_at", "settled_at")
VALUES (3, 'eip155:31337:0x5FbDB2315678afecb367f032d93F642f64180aa3', 'grant', X'db32f45da56ccc1ad65291a95951f32f1f93bd193eb30cc2a3dd0d9f91d0a08e', X'87f3772fcabb406a2b908a6f0d4a244c16418bc3ae4ad05b609c2bee76640958', '{"subject": "0x1563915e194D8CfBA1943570603F7606A3115508", "expiry": 1896048000, "terms": "0xb202d8b8c9cc869942033ef02805fc16dbae7331623251704e4228fed0b3ebca", "epoch": 0, "signed": {"signer": "0x1563915e194D8CfBA1943570603F7606A3115508", "deadline": 1893456000, "signature": "0x16ec5c4fe265678fe5b46ff8793166ad4aa1ece051552a61c1dbdd545767f5bc0c3814e7400b381acca23bf733161b2616b0acd27a29ab8b192c44e5015ad45a1b"}}', 'sent', 0, NULL, X'5ba12a483292efc99dce6806575598528d892fe19cf6058370f433a9f0ceed70', 1893456000, NULL);

INSERT INTO identity_relay_acts ("number", "contract", "kind", "id", "digest", "content", "state", "attempts", "reason", "transaction", "added_at", "settled_at")
VALUES (4, 'eip155:31337:0x5FbDB2315678afecb367f032d93F642f64180aa3', 'grant', X'a0216656d8537bdccde8c8965fcd4947df942d87f6b5160e9657964eb32ff39a', X'fe1c9cd65cda422871923c3a1e53d2ac45c2a383ea4ff7aa3357f9f29385683d', '{"subject": "0x1563915e194D8CfBA1943570603F7606A3115508", "expiry": 1896048000, "terms": "0x1c5bf975fe16826bf30a79ad9c0a9158da8d71b684bab59f66604f2c51c63a3b", "epoch": 0, "signed": {"signer": "0x1563915e194D8CfBA1943570603F7606A3115508", "deadline": 1893456000, "signature": "0x06a014a426be1b659fd03481990f07d8008e7a6e9bdbe0581575b2936e2718db562f844bc109208f42d8c346c3fc64b694ada7bfdfc29737dd94cf7c2fe88cb91b"}}', 'refused', 0, 'The signature came too late: have it signed anew', NULL, 1893456000, 1893456000);

INSERT INTO identity_relay_acts ("number", "contract", "kind", "id", "digest", "content", "state", "attempts", "reason", "transaction", "added_at", "settled_at")
VALUES (5, 'eip155:31337:0x5FbDB2315678afecb367f032d93F642f64180aa3', 'grant', X'1aa2d4911083fef4f42a13aa0288ea36df30979f1cfde4ec6acb95c8e0f5e9b2', X'ade2a3839ad06816c09c96c21e84f6e42bf8eaab5a6ad2b6dc10ed340c1bb103', '{"subject": "0x1563915e194D8CfBA1943570603F7606A3115508", "expiry": 1896048000, "terms": "0x7fe528eae29f100abb46f9c44920c661ed03142d02035b51ad3fa8be7e477554", "epoch": 0, "signed": {"signer": "0x1563915e194D8CfBA1943570603F7606A3115508", "deadline": 1893456000, "signature": "0xd428ae603df897548408645d407e64c36622bba33cf1433abe02a2372215cb705d54f3c8dfc95c403071a0e98a3a297b8d62557a51141ad24c04da1b7b52ea981c"}}', 'queued', 0, NULL, NULL, 1893456000, NULL);

INSERT INTO identity_relay_acts ("number", "contract", "kind", "id", "digest", "content", "state", "attempts", "reason", "transaction", "added_at", "settled_at")
VALUES (6, 'eip155:31337:0x5FbDB2315678afecb367f032d93F642f64180aa3', 'revoke', X'25ba52509b864fb63036a03e6552dd2aef8cf65700ac00e9c85cd7d0b8d2dd44', X'fc0114c5e2142e7f571af77e643ea54ec4889103d51f91d0f33cf0a44a55f29b', '{"subject": "0x1563915e194D8CfBA1943570603F7606A3115508", "expiry": 1896048000, "terms": "0x716c166773c8ee05682be90128b0159d518557d37a77192a5f2e50abeb23bdba", "epoch": 0, "signed": {"signer": "0x1563915e194D8CfBA1943570603F7606A3115508", "deadline": 1893456000, "signature": "0xfcc589eac84b43d24bf93dcf2ac7286af2d6c08934cf74683ff90fc67b352e97133964c93309065240c17764d8c28b72d09a0347c44c157522573347e2dd37f11b"}}', 'queued', 0, NULL, NULL, 1893456000, NULL);

INSERT INTO identity_relay_acts ("number", "contract", "kind", "id", "digest", "content", "state", "attempts", "reason", "transaction", "added_at", "settled_at")
VALUES (7, 'eip155:31337:0x5FbDB2315678afecb367f032d93F642f64180aa3', 'end', X'a5e408026e5375a20abd47fede48e0d6c353646a66120c13f47ddfbbbabb1706', X'b46f61214cdafbc7bfaab0b9604d02d30ad5c81be2ec89ddaeb56faa06e0cd7a', '{"subject": "0x1563915e194D8CfBA1943570603F7606A3115508", "epoch": 0, "signed": {"signer": "0x1563915e194D8CfBA1943570603F7606A3115508", "deadline": 1893456000, "signature": "0xe7df703b306794a4edce39d13cc016fdd90653aacd7d58bc3fdc512e91e0415327679abd2d8a678b3c7e9bb244a4d5a51ab217f643606a9e0674772eb1c939f91c"}}', 'queued', 0, NULL, NULL, 1893456000, NULL);

INSERT INTO identity_relay_transactions ("hash", "contract", "sender", "raw", "fields", "block", "settled")
VALUES (X'ab7b95cb99f96e0d8ffa8c1bd07a277dc5c1e6beb7c8e2ad18a58880e5e821aa', 'eip155:31337:0x5FbDB2315678afecb367f032d93F642f64180aa3', '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A', X'02f86d827a6980843b9aca008477359400830186a0945fbdb2315678afecb367f032d93f642f64180aa38001c080a01290ec7a75c3b751c4d4117c3704e257fac5ae2201eae218d2e5e7a2018f94fca0190d45146a7bcb893064f62242f4d11e2afc80ff1d8d3ad6e530686db0e3aa01', '{"to": "0x5FbDB2315678afecb367f032d93F642f64180aa3", "data": "0x01", "value": 0, "gas": 100000, "chainId": 31337, "nonce": 0, "maxFeePerGas": 2000000000, "maxPriorityFeePerGas": 1000000000}', 12, 1);

INSERT INTO identity_relay_transactions ("hash", "contract", "sender", "raw", "fields", "block", "settled")
VALUES (X'e96babff305536d7e80ebbf81becc5cdc2241e997b1e94e560b7cbb44d86b92d', 'eip155:31337:0x5FbDB2315678afecb367f032d93F642f64180aa3', '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A', X'02f86d827a6901843b9aca008477359400830186a0945fbdb2315678afecb367f032d93f642f64180aa38001c080a07a1d14dbd78fdb763690c4d77a85e490257887c49e57b0150a2e653f8823998aa079492902a1255ff3b267e25505367e16458f7d79429ef33aaa62991b7caa5ce9', '{"to": "0x5FbDB2315678afecb367f032d93F642f64180aa3", "data": "0x01", "value": 0, "gas": 100000, "chainId": 31337, "nonce": 1, "maxFeePerGas": 2000000000, "maxPriorityFeePerGas": 1000000000}', 13, 0);

INSERT INTO identity_relay_transactions ("hash", "contract", "sender", "raw", "fields", "block", "settled")
VALUES (X'5ba12a483292efc99dce6806575598528d892fe19cf6058370f433a9f0ceed70', 'eip155:31337:0x5FbDB2315678afecb367f032d93F642f64180aa3', '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A', X'02f86d827a6902843b9aca008477359400830186a0945fbdb2315678afecb367f032d93f642f64180aa38001c001a0d6303ae62e329473692289a136ca5cc2f6cbad8dd171c33de3fdd87255ae7c7ca02bc278d4725fee9c7330224f4a2281ef07b48466c54393ea9a79aa4f69a34698', '{"to": "0x5FbDB2315678afecb367f032d93F642f64180aa3", "data": "0x01", "value": 0, "gas": 100000, "chainId": 31337, "nonce": 2, "maxFeePerGas": 2000000000, "maxPriorityFeePerGas": 1000000000}', NULL, 0);
