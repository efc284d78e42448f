"""A scene from one sentence: who is in it and how they are (`brief`), what they say (`words`), with which voices (`voices`);
written down as a manuscript and a cast file (`pages`), which `shuoshu dub --total` and every other verb then work on."""
