// Lab's extension manager reads install.json to name the Python package. It cannot be shared data
// of the wheel: an editable install would write it through the link into the built extension.
import { copyFileSync } from 'node:fs';

copyFileSync('install.json', 'escape_vre/labextension/install.json');
